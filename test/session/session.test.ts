/** A session as data, in a running shard, and on its way to a store. */
import { describe, expect, test } from 'vitest';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { parseSession, type Session } from '../../src/session/session.ts';
import { CurrentSession } from '../../src/session/current-session.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const identity = { sessionId: 'abc', resumeUrl: 'wss://resume.example' };

describe('parseSession()', () => {
  test('copies the fields of a session and no others', () => {
    const extended = { ...aSession(), token: 'secret' };
    expect(parseSession(extended)).toEqual(aSession());
  });

  const origin = { bot: 'a', intents: 0, version: 10, compression: 'none', encoding: 'json', presence: 'b' };

  test('copies the optional fields, and leaves out those that a database returns as null', () => {
    const nulls = Object.fromEntries(Object.keys(origin).map((field) => [field, null]));
    expect(parseSession({ ...aSession(), ...origin })).toEqual({ ...aSession(), ...origin });
    expect(Object.keys(parseSession({ ...aSession(), ...nulls }))).toEqual(Object.keys(aSession()));
  });

  test('accepts the sequence 0 and a resume URL with port, path and query', () => {
    const session = aSession({ sequence: 0, resumeUrl: 'ws://127.0.0.1:8080/a?b=c' });
    expect(parseSession(session)).toEqual(session);
  });

  test.each([
    ['sessionId must be a non-empty string', [{ sessionId: '' }, { sessionId: 1 }, { sessionId: undefined }]],
    [
      'resumeUrl must be a ws:// or wss:// URL',
      [{ resumeUrl: 'https://x.example' }, { resumeUrl: '' }, { resumeUrl: null }],
    ],
    [
      'sequence must be a non-negative integer',
      [{ sequence: -1 }, { sequence: 1.5 }, { sequence: '1' }, { sequence: null }],
    ],
    ['shardId must be a non-negative integer', [{ shardId: -1 }, { shardId: Number.NaN }, { shardId: '0' }]],
    ['bot must be a non-empty string', [{ bot: '' }, { bot: 1 }]],
    ['intents must be a non-negative integer', [{ intents: -1 }, { intents: '1' }, { intents: ['Guilds'] }]],
    ['version must be a non-negative integer', [{ version: 1.5 }]],
    ['compression must be a non-empty string', [{ compression: {} }]],
    ['encoding must be a non-empty string', [{ encoding: true }]],
    ['presence must be a non-empty string', [{ presence: { status: 'online' } }]],
    ['shardCount must be an integer above shardId', [{ shardCount: 0 }, { shardId: 4 }, { shardCount: 4.5 }]],
  ])('throws INVALID_SESSION with the message: %s', (reason, changes) => {
    for (const change of changes) {
      expect(() => parseSession({ ...aSession(), ...change })).toThrow(
        expect.objectContaining({ code: 'INVALID_SESSION', message: `not a session: ${reason}` }),
      );
    }
  });

  test.each([undefined, null, 'session', 42, true])(
    'throws INVALID_SESSION for %j, which is not an object',
    (value) => {
      expect(() => parseSession(value)).toThrow(
        expect.objectContaining({ code: 'INVALID_SESSION', message: 'not a session: expected an object' }),
      );
    },
  );
});

describe('CurrentSession', () => {
  test('has no session before READY, even if a sequence came', () => {
    const current = new CurrentSession(0, 4);
    current.recordSequence(3);
    expect(current.identity).toBeNull();
    expect(current.sequence).toBe(3);
    expect(current.session).toBeNull();
    expect(current.sessionForStore(null)).toBeNull();
  });

  test('starts a session with the sequence of its READY, whatever came before', () => {
    const current = new CurrentSession(1, 4);
    current.recordSequence(3);
    current.start(identity, 1);
    expect(current.session).toEqual({ ...identity, sequence: 1, shardId: 1, shardCount: 4 });
  });

  test('stores the same object until something in it has changed', () => {
    const current = new CurrentSession(0, 1);
    const changes: readonly (() => void)[] = [
      () => current.start(identity, 1),
      () => current.recordBot({ user: { id: '1' } }),
      () => current.recordUser({ id: '1', username: 'new' }),
      () => current.recordPresence('{}'),
      () => {
        current.recordSequence(2);
        current.markDelivered(identity.sessionId);
      },
      () => current.start({ ...identity, resumeUrl: 'wss://other.test' }, 3),
      () => void current.restore(aSession({ shardId: 0, shardCount: 1, sequence: 9 })),
    ];
    let before = current.sessionForStore(null);
    for (const change of changes) {
      change();
      const stored = current.sessionForStore(null);
      expect(stored).not.toEqual(before);
      expect(current.sessionForStore(null)).toBe(stored);
      before = stored;
    }
    expect(current.sessionForStore(1)).toMatchObject({ sequence: 0 });
    current.clear();
    expect(current.sessionForStore(null)).toBeNull();
  });

  test('never lets the sequence go back within a session', () => {
    const current = new CurrentSession(0, 1);
    const sequences = [5, 3, 5, 6, 0].map((sequence) => {
      current.recordSequence(sequence);
      return current.sequence;
    });
    expect(sequences).toEqual([5, 5, 5, 6, 6]);
  });

  test('ignores what is not an integer from 0 to Number.MAX_SAFE_INTEGER', () => {
    const current = new CurrentSession(0, 1);
    current.recordSequence(0);
    for (const sequence of [-1, 0.5, 2 ** 53, Infinity, Number.NaN, '7', null, undefined, {}])
      current.recordSequence(sequence);
    expect(current.sequence).toBe(0);
    current.start(identity, 1);
    current.start({ ...identity, sessionId: 'next' }, 1.5);
    expect(current.sequence).toBeNull();
  });

  test('skips a dispatch only after it has ended three connections, whatever ended others between', () => {
    const current = new CurrentSession(0, 1);
    current.recordFailure(5);
    current.start(identity, 1);
    const failAt = (...sequences: number[]): boolean[] =>
      sequences.map((sequence) => {
        current.recordFailure(sequence);
        return current.mustSkip(sequence);
      });
    expect(failAt(5, 6, 5, 6, 5)).toEqual([false, false, false, false, true]);
    expect(current.mustSkip(6)).toBe(false);
    current.skip(5);
    expect(current.mustSkip(5)).toBe(false);
    expect(current.sessionForStore(null)?.sequence).toBe(5);
    expect(failAt(5, 5, 6)).toEqual([false, false, true]);
    current.start({ ...identity, sessionId: 'next' }, 1);
    expect(failAt(6)).toEqual([false]);
  });

  test('starts with a new sequence when another session replaces its session', () => {
    const current = new CurrentSession(0, 1);
    current.start(identity, 1);
    current.recordSequence(900);
    current.markDelivered(current.id);
    current.start({ ...identity, sessionId: 'next' }, 1);
    expect(current.sequence).toBe(1);
    expect(current.sessionForStore(null)?.sequence).toBe(0);
  });

  test('keeps its sequence, even 0, when the same session starts again', () => {
    const current = new CurrentSession(0, 1);
    current.recordSequence(0);
    const first = current.sequence;
    current.start(identity, 1);
    current.recordSequence(9);
    current.start(identity, 1);
    expect(first).toBe(0);
    expect(current.sequence).toBe(9);
  });

  test('ignores deliveries of another session', () => {
    const current = new CurrentSession(0, 1);
    current.start(identity, null);
    current.recordSequence(7);
    current.markDelivered('another');
    expect(current.sessionForStore(null)?.sequence).toBe(0);
  });

  test('stores no sequence that was not delivered', () => {
    const current = new CurrentSession(0, 1);
    current.start(identity, null);
    current.recordSequence(7);
    const before = current.sessionForStore(null)?.sequence;
    current.markDelivered(current.id);
    current.recordSequence(8);
    expect(before).toBe(0);
    expect(current.sessionForStore(null)?.sequence).toBe(7);
    expect(current.session?.sequence).toBe(8);
  });

  test('stores no sequence from the oldest buffered dispatch on', () => {
    const current = new CurrentSession(0, 1);
    current.start(identity, null);
    current.recordSequence(10);
    current.markDelivered(current.id);
    expect([12, 10, 4, 0].map((oldest) => current.sessionForStore(oldest)?.sequence)).toEqual([10, 9, 3, 0]);
  });

  test('restores a session of its own shard and shard count as delivered', () => {
    const current = new CurrentSession(1, 4);
    const session = aSession({ shardId: 1 });
    const restored = current.restore(session);
    expect(restored).toEqual({ sessionId: session.sessionId, resumeUrl: session.resumeUrl });
    expect(current.session).toEqual(session);
    expect(current.sessionForStore(null)).toEqual(session);
  });

  test.each([
    ['no session', null],
    ['a session of another shard count', aSession({ shardCount: 5 })],
    ['a session of another shard', aSession({ shardId: 2 })],
  ])('clears its session when it restores %s', (_what, session) => {
    const current = new CurrentSession(0, 4);
    current.start(identity, null);
    current.recordSequence(5);
    expect(current.restore(session)).toBeNull();
    expect(current.identity).toBeNull();
    expect(current.sequence).toBeNull();
    expect(current.session).toBeNull();
  });

  test('has no session after clear()', () => {
    const current = new CurrentSession(0, 4);
    current.restore(aSession());
    current.clear();
    expect(current.identity).toBeNull();
    expect(current.sequence).toBeNull();
    expect(current.session).toBeNull();
    expect(current.sessionForStore(null)).toBeNull();
  });
});

/** A store whose writes end when the test lets them, with a log of the calls. */
class SlowStore implements SessionStore {
  readonly calls: string[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  async load(shardId: number): Promise<Session | null> {
    this.calls.push(`load ${shardId}`);
    return null;
  }

  save(session: Session): Promise<void> {
    return this.#call(`save ${session.sequence}`);
  }

  clear(shardId: number): Promise<void> {
    return this.#call(`clear ${shardId}`);
  }

  end(): void {
    this.#ends.shift()?.resolve();
  }

  fail(cause: unknown): void {
    this.#ends.shift()?.reject(cause);
  }

  #call(text: string): Promise<void> {
    this.calls.push(text);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    return end.promise;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const setUp = () => {
  const store = new SlowStore();
  const faults: GatewayError[] = [];
  return { store, faults, writer: new SessionWriter(store, (error) => faults.push(error)) };
};

const throwsError = (): never => {
  throw new TypeError('no such method');
};

describe('SessionWriter', () => {
  test('runs one write at a time, and then only the latest of those that came meanwhile', async () => {
    const { store, writer, faults } = setUp();
    for (const sequence of [1, 2, 3]) writer.save(aSession({ sequence }));
    await turn();
    expect(store.calls).toEqual(['save 1']);
    store.end();
    await turn();
    expect(store.calls).toEqual(['save 1', 'save 3']);
    store.end();
    await writer.flushed();
    expect(store.calls).toEqual(['save 1', 'save 3']);
    expect(faults).toEqual([]);
  });

  test('replaces a pending save() by clear(), and a pending clear() by save()', async () => {
    const { store, writer } = setUp();
    writer.save(aSession({ sequence: 1 }));
    writer.save(aSession({ sequence: 2 }));
    writer.clear(0);
    store.end();
    await turn();
    writer.clear(0);
    writer.save(aSession({ sequence: 3 }));
    store.end();
    await turn();
    store.end();
    await writer.flushed();
    expect(store.calls).toEqual(['save 1', 'clear 0', 'save 3']);
  });

  test('writes again after all writes are done', async () => {
    const { store, writer } = setUp();
    writer.save(aSession({ sequence: 1 }));
    store.end();
    await writer.flushed();
    writer.save(aSession({ sequence: 2 }));
    store.end();
    await writer.flushed();
    expect(store.calls).toEqual(['save 1', 'save 2']);
  });

  test('loads only after the running write', async () => {
    const { store, writer } = setUp();
    writer.save(aSession({ sequence: 1 }));
    const loaded = writer.load(0);
    await turn();
    expect(store.calls).toEqual(['save 1']);
    store.end();
    expect(await loaded).toBeNull();
    expect(store.calls).toEqual(['save 1', 'load 0']);
  });

  test('reports a failed write with its cause, and runs the pending one', async () => {
    const { store, writer, faults } = setUp();
    writer.save(aSession({ sequence: 1 }));
    writer.clear(0);
    store.fail('disk full');
    await turn();
    store.fail('still full');
    await writer.flushed();
    expect(store.calls).toEqual(['save 1', 'clear 0']);
    expect(faults.map(({ code, message, cause }) => ({ code, message, cause }))).toEqual([
      { code: 'SESSION_STORE_FAILED', message: 'the session could not be saved', cause: 'disk full' },
      { code: 'SESSION_STORE_FAILED', message: 'the session could not be cleared', cause: 'still full' },
    ]);
  });

  test('loads what the store failed to write, until a write succeeds', async () => {
    const { store, writer } = setUp();
    writer.clear(0);
    store.fail('disk full');
    await writer.flushed();
    expect(await writer.load(0)).toBeNull();
    expect(store.calls).toEqual(['clear 0']);
    writer.save(aSession({ sequence: 5 }));
    store.fail('still full');
    await writer.flushed();
    expect(await writer.load(0)).toEqual(aSession({ sequence: 5 }));
    expect(store.calls).toEqual(['clear 0', 'save 5']);
    writer.clear(0);
    store.end();
    await writer.flushed();
    expect(await writer.load(0)).toBeNull();
    expect(store.calls).toEqual(['clear 0', 'save 5', 'clear 0', 'load 0']);
  });

  test('treats a store that throws like one that rejects', async () => {
    const faults: GatewayError[] = [];
    const writer = new SessionWriter({ load: throwsError, save: throwsError, clear: throwsError }, (error) =>
      faults.push(error),
    );
    await expect(writer.load(0)).rejects.toEqual(new TypeError('no such method'));
    writer.save(aSession());
    await writer.flushed();
    writer.clear(0);
    await writer.flushed();
    expect(faults.map(({ cause }) => cause)).toEqual([
      new TypeError('no such method'),
      new TypeError('no such method'),
    ]);
  });
});
