/** What a shard reports as faults, and what it stores when it stops. */
import { describe, expect, test } from 'vitest';
import { GatewayError, MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionStore } from '../../src/index.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

/** Resolves with `resolved`, or with the code of the rejection. */
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

/** A store whose writes wait until the test calls `end()`, and not after that. */
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

/** Resolves with whether the promise has settled. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return settled;
}

describe('a listener that throws', () => {
  test('a lifecycle listener that throws is reported with its cause, and the shard goes on', async () => {
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
  ])('%s is reported like any other cause', async (_, thrown) => {
    const { shard, gateway, events } = await readyShard();
    shard.on('dispatch', () => {
      throw thrown;
    });
    gateway.dispatch('EVENT', {});
    expect(events.of('fault').map((fault) => [fault.code, fault.cause])).toEqual([['LISTENER_THREW', thrown]]);
  });

  test('a `fault` listener that throws is logged, and not called again', async () => {
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

describe('faults and failures', () => {
  test('a fault has no close code and no cause when there is none', async () => {
    const { gateway, clock, events } = await readyShard();
    gateway.last.receiveRaw(Buffer.from('no JSON'), false);
    await clock.advanceAsync(5_000);
    const [fault] = events.of('fault');
    expect(fault?.code).toBe('DECODE_FAILED');
    expect(fault !== undefined && 'closeCode' in fault && fault.closeCode !== undefined).toBe(false);
    expect(fault !== undefined && 'cause' in fault).toBe(false);
  });

  test('an error in the machine makes the shard fail with its cause', async () => {
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

  test('an error in a machine that never connected makes the shard fail too', () => {
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

  test('an error in the machine during disconnect() resolves disconnect()', async () => {
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

  test('an error of the session store is reported', async () => {
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

describe('the logger', () => {
  test('logs each state change and failure with the shard id', async () => {
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
});

describe('the stored session', () => {
  test('the session is stored with the last sequence within a second after the connection is lost', async () => {
    const { store, begun, end } = slowStore();
    end();
    const { gateway, clock } = await readyShard({ sessionStore: store });
    begun.splice(0);
    gateway.dispatch('EVENT', {});
    gateway.answers.open = false;
    gateway.last.end(1006);
    await clock.advanceAsync(1_000);
    expect(begun).toEqual(['save 2']);
  });

  test('a session that was never used is stored at disconnect()', async () => {
    const session: Session = { sessionId: 'one', resumeUrl: 'wss://main.test', sequence: 7, shardId: 0, shardCount: 1 };
    const sessionStore = new MemorySessionStore();
    const { shard, clock } = virtualShard({ session, sessionStore });
    void shard.connect().catch(() => undefined);
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(await sessionStore.load(0)).toEqual(shard.session);
    expect(shard.session).toMatchObject(session);
  });

  test('disconnect() waits until the session is stored, at most closeTimeoutMs', async () => {
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

  test('what the store has not answered when disconnect() resolves is a fault, and the next connect() asks again', async () => {
    const { store, begun, end } = slowStore();
    const { shard, clock, events, gateway } = await readyShard({ sessionStore: store });
    gateway.dispatch('EVENT', {});
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(events.faults).toEqual(['SESSION_STORE_FAILED']);
    const cause = expect.objectContaining({ message: 'save() of the session store did not answer before the end' });
    expect(events.of('fault')[0]).toMatchObject({ message: 'the session could not be saved', cause });
    // The second write was begun, although the first was not answered.
    expect(begun).toEqual(['save 1', 'save 2']);
    end();
    await Promise.all([shard.connect(), clock.advanceAsync(1_000)]);
    expect(shard.state).toBe('ready');
    expect(gateway.last.sent[0]).toMatchObject({ op: 6 });
  });
});

describe('a stream of dispatches', () => {
  test('ends at disconnect(), before the close handshake', async () => {
    const { shard, clock } = await readyShard();
    const next = shard.dispatches()[Symbol.asyncIterator]().next();
    const disconnecting = shard.disconnect();
    expect(await next).toMatchObject({ done: true });
    await Promise.all([disconnecting, clock.advanceAsync(6_000)]);
  });

  test('ends when the connection is lost and shouldReconnect is false', async () => {
    const { shard, gateway } = await readyShard({ shouldReconnect: false });
    const next = shard.dispatches()[Symbol.asyncIterator]().next();
    gateway.last.end(1006);
    expect(await next).toMatchObject({ done: true });
  });
});
