import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { AnyActorLogic } from 'xstate';
import { setDependencies } from '../../src/actors/actor-dependencies.ts';
import type { ActorDependencies } from '../../src/actors/actor-dependencies.ts';
import { closeSocketActor } from '../../src/actors/close-socket.actor.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../src/identify/identify-gate.ts';
import { ConnectionSlot } from '../../src/connection/connection-slot.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { identifyPermitActor } from '../../src/actors/identify-permit.actor.ts';
import { loadSessionActor } from '../../src/actors/load-session.actor.ts';
import { socketActor } from '../../src/actors/socket.actor.ts';
import { CurrentSession } from '../../src/session/current-session.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import type { SessionLease } from '../../src/session/session-store.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { Session } from '../../src/session/session.ts';
import { bareConnection } from '../connection/bare-connection.ts';
import { noStartGuard } from '../kit/no-start-guard.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Runs a machine that only invokes one actor, with these dependencies, and records the events that it sends. */
function invoked(logic: AnyActorLogic, input: unknown, dependencies: object) {
  const events: unknown[] = [];
  const actor = createActor(
    createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { id: 'child', src: logic, input },
          on: { off: 'off', '*': { actions: ({ event }) => void events.push(event) } },
        },
        off: { on: { '*': { actions: ({ event }) => void events.push(event) } } },
      },
    }),
  );
  setDependencies(actor.system, dependencies as ActorDependencies);
  actor.start();
  const child = actor.getSnapshot().children['child'];
  return { events, send: (event: { type: string }) => child?.send(event), stop: () => actor.send({ type: 'off' }) };
}

const loadUnclaimed = (): Promise<never> => Promise.reject(new Error('the session was loaded'));

describe('closeSocketActor', () => {
  const CLOSED = { type: 'socket.closeCompleted', connectionId: 3 };
  const input = { connectionId: 3, closeWith: 4_000, reason: 'enough' };

  test('reports the close at once when there never was a connection', () => {
    expect(invoked(closeSocketActor, input, { connectionSlot: new ConnectionSlot() }).events).toEqual([CLOSED]);
  });

  test('leaves a connection with another id alone', () => {
    const { connection, socket } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    connectionSlot.connection = connection;
    const actor = invoked(closeSocketActor, { ...input, connectionId: 4 }, { connectionSlot });
    actor.stop();
    expect(actor.events).toEqual([{ ...CLOSED, connectionId: 4 }]);
    expect(socket.calls).toEqual([]);
  });

  test('closes the connection, reports when it is closed, and terminates it when stopped', () => {
    const { connection, socket } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    connectionSlot.connection = connection;
    const actor = invoked(closeSocketActor, input, { connectionSlot });
    const before = actor.events.length;
    socket.emit('close', 4_000, Buffer.alloc(0));
    actor.stop();
    expect(before).toBe(0);
    expect(actor.events).toEqual([CLOSED]);
    expect(socket.calls).toEqual([['resume'], ['close', 4_000, 'enough'], ['terminate']]);
  });
});

/** A gate whose requests the test settles. */
function manualGate() {
  const requests: (IdentifyRequest & PromiseWithResolvers<IdentifyPermit>)[] = [];
  const gate: IdentifyGate = {
    acquire: (request) => {
      const settle = Promise.withResolvers<IdentifyPermit>();
      requests.push({ ...request, ...settle });
      return settle.promise;
    },
  };
  const outcomes: string[] = [];
  const permit: IdentifyPermit = {
    sent: () => void outcomes.push('sent'),
    release: () => void outcomes.push('release'),
  };
  return { gate, requests, permit, outcomes };
}

describe('identifyPermitActor', () => {
  test('acquires a permit for the shard, stores it when granted, and keeps it when stopped', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const connectionSlot = new ConnectionSlot();
    const budgetReports: number[] = [];
    const actor = invoked(
      identifyPermitActor,
      { shardId: 7 },
      {
        connectionSlot,
        startGuard: noStartGuard(),
        options: { identifyGate: gate },
        reportBudgetSpent: (ms: number) => void budgetReports.push(ms),
      },
    );
    const [request] = requests;
    request!.onBudgetSpent?.(1_000);
    request!.resolve(permit);
    await turn();
    actor.stop();
    expect(request!.shardId).toBe(7);
    expect(budgetReports).toEqual([1_000]);
    expect(actor.events).toEqual([{ type: 'identify.granted' }]);
    expect(request!.signal.aborted).toBe(false);
    expect(outcomes).toEqual([]);
    expect(connectionSlot.consumePermit()).toEqual(permit);
  });

  test('releases a permit that is granted after the actor was stopped', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const connectionSlot = new ConnectionSlot();
    const actor = invoked(
      identifyPermitActor,
      { shardId: 7 },
      {
        connectionSlot,
        startGuard: noStartGuard(),
        options: { identifyGate: gate },
        reportBudgetSpent: () => undefined,
      },
    );
    actor.stop();
    requests[0]!.resolve(permit);
    await turn();
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(actor.events).toEqual([]);
    expect(outcomes).toEqual(['release']);
    expect(connectionSlot.consumePermit()).toBe(null);
  });

  test('reports a refusal with its cause, unless the actor was stopped', async () => {
    const cause = new Error('no gate');
    const events = await Promise.all(
      [false, true].map(async (stopped) => {
        const { gate, requests } = manualGate();
        const actor = invoked(
          identifyPermitActor,
          { shardId: 7 },
          {
            connectionSlot: new ConnectionSlot(),
            startGuard: noStartGuard(),
            options: { identifyGate: gate },
            reportBudgetSpent: () => undefined,
          },
        );
        if (stopped) actor.stop();
        requests[0]!.reject(cause);
        await turn();
        return actor.events;
      }),
    );
    expect(events).toEqual([[{ type: 'identify.refused', reason: expect.any(String), cause }], []]);
  });

  test('the connection slot returns its permit once, and releases it when another replaces it', () => {
    const [first, second] = [manualGate(), manualGate()];
    const slot = new ConnectionSlot();
    slot.storePermit(first.permit);
    slot.storePermit(second.permit);
    expect(first.outcomes).toEqual(['release']);
    expect(second.outcomes).toEqual([]);
    expect(slot.consumePermit()).toEqual(second.permit);
    expect(slot.consumePermit()).toBe(null);
  });
});

const IDENTITY = { sessionId: 'one', resumeUrl: 'wss://one.test' };
const STORED: Session = { ...IDENTITY, sequence: 5, shardId: 0, shardCount: 1 };

function loadFrom(
  load: () => Promise<Session | null>,
  currentSession = new CurrentSession(0, 1),
  claim?: () => Promise<SessionLease>,
) {
  const store = { load, save: () => Promise.resolve(), clear: () => Promise.resolve(), ...(claim && { claim }) };
  const sessionStore = new ClaimedSessionStore(store, {
    clock: new VirtualClock(),
    timeoutMs: 10_000,
    report: () => undefined,
  });
  const sessionLedger = new SessionWriter(sessionStore, () => undefined);
  return {
    currentSession,
    ...invoked(loadSessionActor, { shardId: 0 }, { session: currentSession, sessionLedger, sessionStore }),
  };
}

describe('loadSessionActor', () => {
  test('loads the current session without asking the store', async () => {
    const currentSession = new CurrentSession(0, 1);
    currentSession.start(IDENTITY, 9);
    const { events } = loadFrom(() => Promise.reject(new Error('the store was called')), currentSession);
    await turn();
    expect(events).toEqual([{ type: 'session.loaded', session: IDENTITY }]);
  });

  test.each([
    ['the stored session', STORED, IDENTITY, 5],
    ['no session when the store has none', null, null, null],
    ['no session when the stored one is for another shard count', { ...STORED, shardCount: 2 }, null, null],
  ])('loads %s', async (_, stored, session, sequence) => {
    const { events, currentSession } = loadFrom(() => Promise.resolve(stored));
    await turn();
    expect(events).toEqual([{ type: 'session.loaded', session }]);
    expect(currentSession.identity).toEqual(session);
    expect(currentSession.sequence).toEqual(sequence);
  });

  test('claims the session before it loads one, and reports the owner instead', async () => {
    const cause = new GatewayError('SESSION_IN_USE', 'process 7 has it');
    const currentSession = new CurrentSession(0, 1);
    currentSession.start(IDENTITY, 9);
    for (const session of [new CurrentSession(0, 1), currentSession]) {
      const { events } = loadFrom(loadUnclaimed, session, () => Promise.reject(cause));
      await turn();
      expect(events).toEqual([{ type: 'session.inUse', reason: 'process 7 has it', cause }]);
    }
  });

  test.each([
    ['the session that it had is outdated', [], 1],
    ['the one that you have named meanwhile is not', [{ ...STORED, sessionId: 'two' }], 0],
  ])('when another owner has had the shard, %s', async (_, named, count) => {
    const session = new CurrentSession(0, 1);
    session.start(IDENTITY, 9);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let marked = 0;
    const sessionStore = { hasOwners: true, hold: () => promise };
    const { stop } = invoked(
      loadSessionActor,
      { shardId: 0 },
      { session, sessionStore, markOutdated: () => void (marked += 1) },
    );
    for (const one of named) session.restore(one);
    stop();
    resolve(true);
    await turn();
    expect(marked).toBe(count);
  });

  test('loads the session although it could not be claimed, when the store fails', async () => {
    const { events } = loadFrom(
      () => Promise.resolve(STORED),
      new CurrentSession(0, 1),
      () => Promise.reject(new Error('read-only')),
    );
    await turn();
    expect(events).toEqual([{ type: 'session.loaded', session: IDENTITY }]);
  });

  test('reports a store that cannot be read, with the cause', async () => {
    const cause = new Error('EACCES');
    const { events } = loadFrom(() => Promise.reject(cause));
    await turn();
    expect(events).toEqual([{ type: 'session.unavailable', reason: expect.any(String), cause }]);
  });

  test('reports an invalid stored session, with the cause', async () => {
    const { events } = loadFrom(() => Promise.resolve({ ...STORED, sessionId: '' }));
    await turn();
    expect(events).toEqual([
      {
        type: 'session.unavailable',
        reason: expect.any(String),
        cause: expect.objectContaining({ code: 'INVALID_SESSION' }),
      },
    ]);
  });

  test.each([
    ['is loaded', () => Promise.resolve(STORED)],
    ['cannot be loaded', () => Promise.reject(new Error('EACCES'))],
  ])('a session that %s after the actor was stopped changes nothing', async (_, load) => {
    const { events, stop, currentSession } = loadFrom(load);
    stop();
    await turn();
    expect(events).toEqual([]);
    expect(currentSession.identity).toBe(null);
  });
});

describe('socketActor', () => {
  const input = { connectionId: 3, resumeUrl: null };

  test('reports a socket that cannot be opened, and leaves the connection slot unchanged', () => {
    const cause = new TypeError('bad URL');
    const { delegate } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    const createSocket = (): never => {
      throw cause;
    };
    const options = { ...delegate.options, createSocket };
    const { events } = invoked(socketActor, input, { ...delegate, connectionSlot, options });
    expect(events).toEqual([{ type: 'socket.failed', connectionId: 3, reason: 'main.test: bad URL', cause }]);
    expect(connectionSlot.connection).toBe(null);
  });

  test('reports a command that throws as a failed socket', () => {
    const { delegate, socket } = bareConnection();
    socket.send = () => {
      throw 'broken';
    };
    const { events, send } = invoked(socketActor, input, { ...delegate, connectionSlot: new ConnectionSlot() });
    send({ type: 'identify' });
    expect(events).toEqual([{ type: 'socket.failed', connectionId: 3, reason: 'main.test: broken', cause: 'broken' }]);
  });

  test('stores the connection, executes commands, and ignores the socket once stopped', () => {
    const { delegate, socket } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    const { events, send, stop } = invoked(socketActor, input, { ...delegate, connectionSlot });
    socket.emit('open');
    send({ type: 'identify' });
    stop();
    socket.emit('close', 1006, Buffer.alloc(0));
    expect(connectionSlot.connection?.id).toBe(3);
    expect(events).toEqual([{ type: 'socket.opened', connectionId: 3 }]);
    expect(socket.calls).toEqual([['send', { op: 2 }]]);
  });
});
