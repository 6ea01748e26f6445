import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { AnyActorLogic } from 'xstate';
import { setDependencies } from '../../src/actors/actor-dependencies.ts';
import type { ActorDependencies } from '../../src/actors/actor-dependencies.ts';
import { closeSocketActor } from '../../src/actors/close-socket.actor.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../src/identify/identify-gate.ts';
import { ConnectionSlot } from '../../src/connection/connection-slot.ts';
import { identifyPermitActor } from '../../src/actors/identify-permit.actor.ts';
import { loadSessionActor } from '../../src/actors/load-session.actor.ts';
import { socketActor } from '../../src/actors/socket.actor.ts';
import { CurrentSession } from '../../src/session/current-session.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { Session } from '../../src/session/session.ts';
import { bareConnection } from '../connection/bare-connection.ts';

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

describe('the closer', () => {
  const GONE = { type: 'socket.closeCompleted', connectionId: 3 };
  const input = { connectionId: 3, closeWith: 4_000, reason: 'enough' };

  test('has nothing to let go when there never was a connection', () => {
    expect(invoked(closeSocketActor, input, { connectionSlot: new ConnectionSlot() }).events).toEqual([GONE]);
  });

  test('leaves a connection alone that is not the one to let go', () => {
    const { connection, socket } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    connectionSlot.connection = connection;
    const closer = invoked(closeSocketActor, { ...input, connectionId: 4 }, { connectionSlot });
    closer.stop();
    expect(closer.events).toEqual([{ ...GONE, connectionId: 4 }]);
    expect(socket.calls).toEqual([]);
  });

  test('closes its connection as it is told, says when it is gone, and ends what is left when it is stopped', () => {
    const { connection, socket } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    connectionSlot.connection = connection;
    const closer = invoked(closeSocketActor, input, { connectionSlot });
    const before = closer.events.length;
    socket.emit('close', 4_000, Buffer.alloc(0));
    closer.stop();
    expect(before).toBe(0);
    expect(closer.events).toEqual([GONE]);
    expect(socket.calls).toEqual([['resume'], ['close', 4_000, 'enough'], ['terminate']]);
  });
});

/** A gate that is opened by hand. */
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

describe('the permit', () => {
  test('is asked for the shard, put on the line when it is granted, and kept when the wait is over', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const connectionSlot = new ConnectionSlot();
    const spent: number[] = [];
    const waiting = invoked(
      identifyPermitActor,
      { shardId: 7 },
      {
        connectionSlot,
        options: { identifyGate: gate },
        reportBudgetSpent: (ms: number) => void spent.push(ms),
      },
    );
    const [request] = requests;
    request!.onBudgetSpent?.(1_000);
    request!.resolve(permit);
    await turn();
    waiting.stop();
    expect(request!.shardId).toBe(7);
    expect(spent).toEqual([1_000]);
    expect(waiting.events).toEqual([{ type: 'identify.granted' }]);
    expect(request!.signal.aborted).toBe(false);
    expect(outcomes).toEqual([]);
    expect(connectionSlot.consumePermit()).toEqual(permit);
  });

  test('that nobody waits for any more is given back, whatever the gate says', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const connectionSlot = new ConnectionSlot();
    const waiting = invoked(
      identifyPermitActor,
      { shardId: 7 },
      { connectionSlot, options: { identifyGate: gate }, reportBudgetSpent: () => undefined },
    );
    waiting.stop();
    requests[0]!.resolve(permit);
    await turn();
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(waiting.events).toEqual([]);
    expect(outcomes).toEqual(['release']);
    expect(connectionSlot.consumePermit()).toBe(null);
  });

  test('that is refused is told with its cause, unless nobody waits for it any more', async () => {
    const cause = new Error('no gate');
    const events = await Promise.all(
      [false, true].map(async (stopped) => {
        const { gate, requests } = manualGate();
        const waiting = invoked(
          identifyPermitActor,
          { shardId: 7 },
          {
            connectionSlot: new ConnectionSlot(),
            options: { identifyGate: gate },
            reportBudgetSpent: () => undefined,
          },
        );
        if (stopped) waiting.stop();
        requests[0]!.reject(cause);
        await turn();
        return waiting.events;
      }),
    );
    expect(events).toEqual([[{ type: 'identify.refused', reason: expect.any(String), cause }], []]);
  });

  test('on the line is there once, and goes back when another takes its place', () => {
    const [first, second] = [manualGate(), manualGate()];
    const line = new ConnectionSlot();
    line.storePermit(first.permit);
    line.storePermit(second.permit);
    expect(first.outcomes).toEqual(['release']);
    expect(second.outcomes).toEqual([]);
    expect(line.consumePermit()).toEqual(second.permit);
    expect(line.consumePermit()).toBe(null);
  });
});

const IDENTITY = { sessionId: 'one', resumeUrl: 'wss://one.test' };
const STORED: Session = { ...IDENTITY, sequence: 5, shardId: 0, shardCount: 1 };

function loadingFrom(load: () => Promise<Session | null>, session = new CurrentSession(0, 1)) {
  const store = { load, save: () => Promise.resolve(), clear: () => Promise.resolve() };
  const sessionWriter = new SessionWriter(store, () => undefined);
  return {
    cell: session,
    ...invoked(loadSessionActor, { shardId: 0 }, { session, sessionWriter }),
  };
}

describe('a session that is looked for', () => {
  test('is the one at hand, and then the store is not asked', async () => {
    const cell = new CurrentSession(0, 1);
    cell.start(IDENTITY, 9);
    const { events } = loadingFrom(() => Promise.reject(new Error('asked')), cell);
    await turn();
    expect(events).toEqual([{ type: 'session.loaded', session: IDENTITY }]);
  });

  test.each([
    ['the one of the store', STORED, IDENTITY, 5],
    ['none, if the store has none', null, null, null],
    ['none, if what the store has is for another count of shards', { ...STORED, shardCount: 2 }, null, null],
  ])('is %s', async (_, stored, session, sequence) => {
    const { events, cell } = loadingFrom(() => Promise.resolve(stored));
    await turn();
    expect(events).toEqual([{ type: 'session.loaded', session }]);
    expect(cell.identity).toEqual(session);
    expect(cell.sequence).toEqual(sequence);
  });

  test('in a store that can not be read is told of with the cause', async () => {
    const cause = new Error('EACCES');
    const { events } = loadingFrom(() => Promise.reject(cause));
    await turn();
    expect(events).toEqual([{ type: 'session.unavailable', reason: expect.any(String), cause }]);
  });

  test('and turns out to be none is told of with what is wrong', async () => {
    const { events } = loadingFrom(() => Promise.resolve({ ...STORED, sessionId: '' }));
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
    ['is found', () => Promise.resolve(STORED)],
    ['can not be read', () => Promise.reject(new Error('EACCES'))],
  ])('and %s when nobody waits for it any more changes nothing', async (_, load) => {
    const { events, stop, cell } = loadingFrom(load);
    stop();
    await turn();
    expect(events).toEqual([]);
    expect(cell.identity).toBe(null);
  });
});

describe('the socket', () => {
  const input = { connectionId: 3, resumeUrl: null };

  test('that can not be opened has failed, and leaves the line as it was', () => {
    const cause = new TypeError('bad URL');
    const { delegate } = bareConnection();
    const connectionSlot = new ConnectionSlot();
    const createSocket = (): never => {
      throw cause;
    };
    const options = { ...delegate.options, createSocket };
    const { events } = invoked(socketActor, input, { ...delegate, connectionSlot, options });
    expect(events).toEqual([{ type: 'socket.failed', connectionId: 3, reason: 'bad URL', cause }]);
    expect(connectionSlot.connection).toBe(null);
  });

  test('that throws at a command has failed', () => {
    const { delegate, socket } = bareConnection();
    socket.send = () => {
      throw 'broken';
    };
    const { events, send } = invoked(socketActor, input, { ...delegate, connectionSlot: new ConnectionSlot() });
    send({ type: 'identify' });
    expect(events).toEqual([{ type: 'socket.failed', connectionId: 3, reason: 'broken', cause: 'broken' }]);
  });

  test('is put on the line, does as it is told, and is not listened to once it is left', () => {
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
