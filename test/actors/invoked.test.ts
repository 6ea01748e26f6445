import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { AnyActorLogic } from 'xstate';
import { closerActor } from '../../src/actors/closer.ts';
import type { IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../src/actors/identify-gate.ts';
import { Line } from '../../src/actors/line.ts';
import { permitActor } from '../../src/actors/permit.ts';
import { restoreActor } from '../../src/actors/restore.ts';
import { socketActor } from '../../src/actors/socket.ts';
import { SessionCell } from '../../src/session/session-cell.ts';
import { SessionKeeper } from '../../src/session/session-keeper.ts';
import type { Session } from '../../src/session/session.ts';
import { bareConnection } from './bare-connection.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A machine that does nothing but invoke one actor, and take down what it says. */
function invoked(logic: AnyActorLogic, input: unknown) {
  const said: unknown[] = [];
  const actor = createActor(
    createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { id: 'child', src: logic, input },
          on: { off: 'off', '*': { actions: ({ event }) => void said.push(event) } },
        },
        off: { on: { '*': { actions: ({ event }) => void said.push(event) } } },
      },
    }),
  ).start();
  const child = actor.getSnapshot().children['child'];
  return { said, tell: (event: { type: string }) => child?.send(event), stop: () => actor.send({ type: 'off' }) };
}

describe('the closer', () => {
  const GONE = { type: 'socket.gone', connectionId: 3 };
  const input = { connectionId: 3, closeWith: 4_000, reason: 'enough' };

  test('has nothing to let go when there never was a connection', () => {
    expect(invoked(closerActor(() => ({ line: new Line() })), input).said).toEqual([GONE]);
  });

  test('leaves a connection alone that is not the one to let go', () => {
    const { connection, socket } = bareConnection();
    const line = new Line();
    line.connection = connection;
    const closer = invoked(closerActor(() => ({ line })), { ...input, connectionId: 4 });
    closer.stop();
    expect([closer.said, socket.asked]).toEqual([[{ ...GONE, connectionId: 4 }], []]);
  });

  test('closes its connection as it is told, says when it is gone, and ends what is left when it is stopped', () => {
    const { connection, socket } = bareConnection();
    const line = new Line();
    line.connection = connection;
    const closer = invoked(closerActor(() => ({ line })), input);
    const before = closer.said.length;
    socket.emit('close', 4_000, Buffer.alloc(0));
    closer.stop();
    expect([before, closer.said, socket.asked]).toEqual([0, [GONE], [['resume'], ['close', 4_000, 'enough'], ['terminate']]]);
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
  const permit: IdentifyPermit = { sent: () => void outcomes.push('sent'), release: () => void outcomes.push('release') };
  return { gate, requests, permit, outcomes };
}

describe('the permit', () => {
  test('is asked for the shard, put on the line when it is granted, and kept when the wait is over', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const line = new Line();
    const spent: number[] = [];
    const waiting = invoked(permitActor(() => ({ line, options: { identifyGate: gate }, budgetSpent: (ms) => void spent.push(ms) })), { shardId: 7 });
    const [request] = requests;
    request!.onBudgetSpent?.(1_000);
    request!.resolve(permit);
    await turn();
    waiting.stop();
    expect([request!.shardId, spent, waiting.said, request!.signal.aborted, outcomes, line.takePermit()]).toEqual([
      7,
      [1_000],
      [{ type: 'identify.granted' }],
      false,
      [],
      permit,
    ]);
  });

  test('that nobody waits for any more is given back, whatever the gate says', async () => {
    const { gate, requests, permit, outcomes } = manualGate();
    const line = new Line();
    const waiting = invoked(permitActor(() => ({ line, options: { identifyGate: gate }, budgetSpent: () => undefined })), { shardId: 7 });
    waiting.stop();
    requests[0]!.resolve(permit);
    await turn();
    expect([requests[0]!.signal.aborted, waiting.said, outcomes, line.takePermit()]).toEqual([true, [], ['release'], null]);
  });

  test('that is refused is told with its cause, unless nobody waits for it any more', async () => {
    const cause = new Error('no gate');
    const said = await Promise.all(
      [false, true].map(async (stopped) => {
        const { gate, requests } = manualGate();
        const waiting = invoked(permitActor(() => ({ line: new Line(), options: { identifyGate: gate }, budgetSpent: () => undefined })), { shardId: 7 });
        if (stopped) waiting.stop();
        requests[0]!.reject(cause);
        await turn();
        return waiting.said;
      }),
    );
    expect(said).toEqual([[{ type: 'identify.refused', reason: expect.any(String), cause }], []]);
  });

  test('on the line is there once, and goes back when another takes its place', () => {
    const [first, second] = [manualGate(), manualGate()];
    const line = new Line();
    line.keepPermit(first.permit);
    line.keepPermit(second.permit);
    expect([first.outcomes, second.outcomes, line.takePermit(), line.takePermit()]).toEqual([['release'], [], second.permit, null]);
  });
});

const IDENTITY = { sessionId: 'one', resumeUrl: 'wss://one.test' };
const STORED: Session = { ...IDENTITY, sequence: 5, shardId: 0, shardCount: 1 };

function looking(load: () => Promise<Session | null>, cell = new SessionCell(0, 1)) {
  const store = { load, save: () => Promise.resolve(), clear: () => Promise.resolve() };
  const keeper = new SessionKeeper(store, () => undefined);
  return { cell, ...invoked(restoreActor(() => ({ cell, keeper })), { shardId: 0 }) };
}

describe('a session that is looked for', () => {
  test('is the one at hand, and then the store is not asked', async () => {
    const cell = new SessionCell(0, 1);
    cell.begin(IDENTITY, 9);
    const { said } = looking(() => Promise.reject(new Error('asked')), cell);
    await turn();
    expect(said).toEqual([{ type: 'session.loaded', session: IDENTITY }]);
  });

  test.each([
    ['the one of the store', STORED, IDENTITY, 5],
    ['none, if the store has none', null, null, null],
    ['none, if what the store has is for another count of shards', { ...STORED, shardCount: 2 }, null, null],
  ])('is %s', async (_, stored, session, sequence) => {
    const { said, cell } = looking(() => Promise.resolve(stored));
    await turn();
    expect([said, cell.identity, cell.sequence]).toEqual([[{ type: 'session.loaded', session }], session, sequence]);
  });

  test('in a store that can not be read is told of with the cause', async () => {
    const cause = new Error('EACCES');
    const { said } = looking(() => Promise.reject(cause));
    await turn();
    expect(said).toEqual([{ type: 'session.unavailable', reason: expect.any(String), cause }]);
  });

  test('and turns out to be none is told of with what is wrong', async () => {
    const { said } = looking(() => Promise.resolve({ ...STORED, sessionId: '' }));
    await turn();
    expect(said).toEqual([{ type: 'session.unavailable', reason: expect.any(String), cause: expect.objectContaining({ code: 'INVALID_SESSION' }) }]);
  });

  test.each([
    ['is found', () => Promise.resolve(STORED)],
    ['can not be read', () => Promise.reject(new Error('EACCES'))],
  ])('and %s when nobody waits for it any more changes nothing', async (_, load) => {
    const { said, stop, cell } = looking(load);
    stop();
    await turn();
    expect([said, cell.identity]).toEqual([[], null]);
  });
});

describe('the socket', () => {
  const input = { connectionId: 3, resumeUrl: null };

  test('that can not be opened has failed, and leaves the line as it was', () => {
    const cause = new TypeError('bad URL');
    const { host } = bareConnection();
    const line = new Line();
    const { said } = invoked(socketActor(() => ({ line, host: { ...host, open: () => { throw cause; } } })), input);
    expect([said, line.connection]).toEqual([[{ type: 'socket.failed', connectionId: 3, reason: 'bad URL', cause }], null]);
  });

  test('that throws at a command has failed', () => {
    const { host, socket } = bareConnection();
    socket.send = () => { throw 'broken'; };
    const { said, tell } = invoked(socketActor(() => ({ line: new Line(), host })), input);
    tell({ type: 'identify' });
    expect(said).toEqual([{ type: 'socket.failed', connectionId: 3, reason: 'broken', cause: 'broken' }]);
  });

  test('is put on the line, does as it is told, and is not listened to once it is left', () => {
    const { host, socket } = bareConnection();
    const line = new Line();
    const { said, tell, stop } = invoked(socketActor(() => ({ line, host })), input);
    socket.emit('open');
    tell({ type: 'identify' });
    stop();
    socket.emit('close', 1006, Buffer.alloc(0));
    expect([line.connection?.id, said, socket.asked]).toEqual([3, [{ type: 'socket.opened', connectionId: 3 }], [['send', { op: 2 }]]]);
  });
});
