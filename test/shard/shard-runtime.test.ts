/** What a shard tells of what goes wrong around it, and what it leaves behind when it goes. */
import { describe, expect, test } from 'vitest';
import { GatewayError, MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionStore } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

/** `resolved`, or the code it was rejected with. */
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: GatewayError) => error.code,
  );

const CAUSE = new Error('a bad listener');

function recordingLogger() {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** A store whose writes end when the test says so, and at once from then on. */
function slowStore() {
  const begun: string[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const write = (what: string): Promise<void> => {
    begun.push(what);
    return ended;
  };
  const store: SessionStore = {
    load: async () => null,
    save: (session: Session) => write(`save ${session.sequence}`),
    clear: () => write('clear'),
  };
  return { store, begun, end };
}

/** Whether it has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return settled;
}

describe('a listener that throws', () => {
  test('of the lifecycle is told of with its cause, and the shard goes on', async () => {
    const { shard, clock, events } = virtualShard();
    shard.once('stateChange', () => {
      throw CAUSE;
    });
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    const [fault] = events.of('fault');
    expect(shard.state).toBe('ready');
    expect(events.faults).toEqual(['LISTENER_THREW']);
    expect(fault?.message).toBe('a listener of "stateChange" threw');
    expect(fault?.cause).toEqual(CAUSE);
  });

  test.each([
    ['an error of this library', new GatewayError('INVALID_PAYLOAD', 'too large')],
    ['an error that has a code of this library', Object.assign(new Error('not ours'), { code: 'DECODE_FAILED' })],
    ['nothing', undefined],
  ])('%s is told of like any other', async (_, thrown) => {
    const { shard, gateway, events } = await readyShard();
    shard.on('dispatch', () => {
      throw thrown;
    });
    gateway.dispatch('EVENT', {});
    expect(events.of('fault').map((fault) => [fault.code, fault.cause])).toEqual([['LISTENER_THREW', thrown]]);
  });

  test('of faults is logged, and not told of to itself', async () => {
    const { lines, logger } = recordingLogger();
    const { shard, gateway } = await readyShard({ logger });
    let faults = 0;
    shard.on('fault', () => {
      faults += 1;
      throw CAUSE;
    });
    shard.on('dispatch', () => {
      throw CAUSE;
    });
    gateway.dispatch('EVENT', {});
    expect(faults).toBe(1);
    expect(lines.slice(-2)).toEqual([
      'warn shard 0: LISTENER_THREW: a listener of "dispatch" threw',
      'error shard 0: a listener of "fault" threw',
    ]);
  });
});

describe('a fault', () => {
  test('has the close code and the cause behind it, and neither when there is none', async () => {
    const { gateway, clock, events } = await readyShard();
    gateway.last.receiveRaw(Buffer.from('no JSON'), false);
    await clock.advanceAsync(5_000);
    const [fault] = events.of('fault');
    expect(fault?.code).toBe('DECODE_FAILED');
    expect(fault !== undefined && 'closeCode' in fault && fault.closeCode !== undefined).toBe(false);
    expect(fault !== undefined && 'cause' in fault).toBe(false);
  });

  test('of the machine itself ends the shard with its cause', async () => {
    const { shard, events } = await readyShard();
    shard.actor.send({
      type: 'socket.closed',
      get code(): number {
        throw new Error('a bug');
      },
    } as never);
    const failures = events.of('failed').map((error) => [error.code, (error.cause as Error).message]);
    expect(failures).toEqual([['INTERNAL_ERROR', expect.stringContaining('a bug')]]);
    expect(events.states.at(-1)).toBe('failed');
  });

  test('of a machine that was never connected is told of like any other', () => {
    const { shard, events } = virtualShard();
    shard.actor.send({
      type: 'shard.resume',
      get session(): never {
        throw new Error('a bug');
      },
    } as never);
    expect(events.of('failed').map(({ code }) => code)).toEqual(['INTERNAL_ERROR']);
    expect(shard.state).toBe('failed');
  });

  test('of a machine that is being stopped keeps nobody waiting for the stop', async () => {
    const { shard, events } = await readyShard();
    const stopping = shard.disconnect();
    const before = shard.state;
    shard.actor.send({
      type: 'shard.resume',
      get session(): never {
        throw new Error('a bug');
      },
    } as never);
    await stopping;
    expect(before).toBe('disconnecting');
    expect(events.of('failed').map(({ code }) => code)).toEqual(['INTERNAL_ERROR']);
    expect(shard.state).toBe('failed');
  });

  test('of the session store is told of, whichever way the session goes', async () => {
    const cause = new Error('disk full');
    const sessionStore: SessionStore = {
      load: async () => null,
      save: () => Promise.reject(cause),
      clear: () => Promise.reject(cause),
    };
    const { shard, clock, events } = await readyShard({ sessionStore });
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(events.of('fault').map((fault) => [fault.code, fault.cause])).toContainEqual([
      'SESSION_STORE_FAILED',
      cause,
    ]);
  });
});

test('the log follows the life of a shard, each line with its id', async () => {
  const { lines, logger } = recordingLogger();
  const { shard, clock, gateway } = virtualShard({ logger, shardId: 3, shardCount: 8 });
  const connected = code(shard.connect());
  await clock.advanceAsync(10);
  gateway.last.end(4004, 'no such bot');
  expect(await connected).toBe('resolved');
  expect(lines).toEqual([
    'info shard 3: disconnected → connecting',
    'info shard 3: connecting → identifying',
    'info shard 3: identifying → ready',
    'info shard 3: ready → failed',
    'error shard 3: AUTHENTICATION_FAILED: the gateway closed the connection with 4004: no such bot',
  ]);
});

describe('the session', () => {
  test('is stored when the connection is lost, up to the last dispatch', async () => {
    const { store, begun, end } = slowStore();
    end();
    const { gateway, clock } = await readyShard({ sessionStore: store });
    begun.splice(0);
    gateway.dispatch('EVENT', {});
    gateway.last.end(1006);
    await clock.advanceAsync(0);
    expect(begun).toEqual(['save 2']);
  });

  test('that was never used is stored when its shard leaves', async () => {
    const session: Session = { sessionId: 'one', resumeUrl: 'wss://main.test', sequence: 7, shardId: 0, shardCount: 1 };
    const sessionStore = new MemorySessionStore();
    const { shard, clock } = virtualShard({ session, sessionStore });
    void shard.connect().catch(() => undefined);
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(await sessionStore.load(0)).toEqual(session);
  });

  test('is stored by the time disconnect() settles, which a store that hangs delays for as long as a close may take', async () => {
    for (const hangs of [false, true]) {
      const { store, end } = slowStore();
      const { shard, clock } = await readyShard({ sessionStore: store, timing: { closeTimeoutMs: 5_000 } });
      const disconnecting = shard.disconnect();
      await clock.advanceAsync(4_000);
      const early = await isSettled(disconnecting);
      if (hangs) await clock.advanceAsync(5_000);
      else end();
      expect(early).toBe(false);
      expect(await isSettled(disconnecting)).toBe(true);
      expect(clock.pending).toBe(0);
    }
  });
});

describe('a stream of dispatches', () => {
  test('ends when its shard leaves, before the gateway has answered', async () => {
    const { shard, clock } = await readyShard();
    const next = shard.dispatches()[Symbol.asyncIterator]().next();
    const disconnecting = shard.disconnect();
    expect(await next).toMatchObject({ done: true });
    await Promise.all([disconnecting, clock.advanceAsync(6_000)]);
  });

  test('ends when the connection is lost for good', async () => {
    const { shard, gateway } = await readyShard({ shouldReconnect: false });
    const next = shard.dispatches()[Symbol.asyncIterator]().next();
    gateway.last.end(1006);
    expect(await next).toMatchObject({ done: true });
  });
});
