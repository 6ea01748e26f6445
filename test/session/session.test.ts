/** A session as data, while it is alive, and on its way to a store. */
import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { parseSession, type Session } from '../../src/session/session.ts';
import { CurrentSession } from '../../src/session/current-session.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const identity = { sessionId: 'abc', resumeUrl: 'wss://resume.example' };

describe('parseSession', () => {
  it('copies the fields of a session and leaves out the rest', () => {
    const given = { ...aSession(), token: 'secret' };
    expect(parseSession(given)).toEqual(aSession());
  });

  it('takes the sequence 0 and a resume URL with port, path and query', () => {
    const session = aSession({ sequence: 0, resumeUrl: 'ws://127.0.0.1:8080/a?b=c' });
    expect(parseSession(session)).toEqual(session);
  });

  it.each([
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
    ['shardCount must be an integer above shardId', [{ shardCount: 0 }, { shardId: 4 }, { shardCount: 4.5 }]],
  ])('says that %s', (why, changes) => {
    for (const change of changes) {
      expect(() => parseSession({ ...aSession(), ...change })).toThrow(
        expect.objectContaining({ code: 'INVALID_SESSION', message: `not a session: ${why}` }),
      );
    }
  });

  it.each([undefined, null, 'session', 42, true])('refuses %j, which is no object', (value) => {
    expect(() => parseSession(value)).toThrow(
      expect.objectContaining({ code: 'INVALID_SESSION', message: 'not a session: expected an object' }),
    );
  });
});

describe('SessionCell', () => {
  it('has no session before READY, even when a sequence came', () => {
    const cell = new CurrentSession(0, 4);
    cell.recordSequence(3);
    expect([cell.identity, cell.sequence, cell.session, cell.sessionForStore(null)]).toEqual([null, 3, null, null]);
  });

  it('keeps the sequence that came before READY', () => {
    const cell = new CurrentSession(1, 4);
    cell.recordSequence(3);
    cell.start(identity, 1);
    expect(cell.session).toEqual({ ...identity, sequence: 3, shardId: 1, shardCount: 4 });
  });

  it('never lets the sequence go back within a session', () => {
    const cell = new CurrentSession(0, 1);
    const seen = [5, 3, 5, 6, 0].map((sequence) => {
      cell.recordSequence(sequence);
      return cell.sequence;
    });
    expect(seen).toEqual([5, 5, 5, 6, 6]);
  });

  it('starts the sequence anew when another session replaces the one it has', () => {
    const cell = new CurrentSession(0, 1);
    cell.start(identity, 1);
    cell.recordSequence(900);
    cell.markDelivered(cell.id);
    cell.start({ ...identity, sessionId: 'next' }, 1);
    expect([cell.sequence, cell.sessionForStore(null)?.sequence]).toEqual([1, 0]);
  });

  it('goes on with its sequence when the same session is said to begin again, and from 0 as from any other', () => {
    const cell = new CurrentSession(0, 1);
    cell.recordSequence(0);
    const first = cell.sequence;
    cell.start(identity, 1);
    cell.recordSequence(9);
    cell.start(identity, 1);
    expect([first, cell.sequence]).toEqual([0, 9]);
  });

  it('takes nothing for handed out that was of another session', () => {
    const cell = new CurrentSession(0, 1);
    cell.start(identity, null);
    cell.recordSequence(7);
    cell.markDelivered('another');
    expect(cell.sessionForStore(null)?.sequence).toBe(0);
  });

  it('tells a store no more than what was handed out', () => {
    const cell = new CurrentSession(0, 1);
    cell.start(identity, null);
    cell.recordSequence(7);
    const before = cell.sessionForStore(null)?.sequence;
    cell.markDelivered(cell.id);
    cell.recordSequence(8);
    expect([before, cell.sessionForStore(null)?.sequence, cell.session?.sequence]).toEqual([0, 7, 8]);
  });

  it('tells a store no more than what comes before the oldest dispatch that waits', () => {
    const cell = new CurrentSession(0, 1);
    cell.start(identity, null);
    cell.recordSequence(10);
    cell.markDelivered(cell.id);
    expect([12, 10, 4, 0].map((oldest) => cell.sessionForStore(oldest)?.sequence)).toEqual([10, 9, 3, 0]);
  });

  it('adopts a session of its own shard and count, as handed out', () => {
    const cell = new CurrentSession(1, 4);
    const session = aSession({ shardId: 1 });
    const adopted = cell.restore(session);
    expect(adopted).toEqual({ sessionId: session.sessionId, resumeUrl: session.resumeUrl });
    expect([cell.session, cell.sessionForStore(null)]).toEqual([session, session]);
  });

  it.each([
    ['no session', null],
    ['a session of another shard count', aSession({ shardCount: 5 })],
    ['a session of another shard', aSession({ shardId: 2 })],
  ])('forgets what it has for %s', (_, session) => {
    const cell = new CurrentSession(0, 4);
    cell.start(identity, null);
    cell.recordSequence(5);
    expect([cell.restore(session), cell.identity, cell.sequence, cell.session]).toEqual([null, null, null, null]);
  });

  it('is empty after it was cleared', () => {
    const cell = new CurrentSession(0, 4);
    cell.restore(aSession());
    cell.clear();
    expect([cell.identity, cell.sequence, cell.session, cell.sessionForStore(null)]).toEqual([null, null, null, null]);
  });
});

/** A store whose writes end when the test says so, with a log of what was begun. */
class SlowStore implements SessionStore {
  readonly begun: string[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];

  async load(shardId: number): Promise<Session | null> {
    this.begun.push(`load ${shardId}`);
    return null;
  }

  save(session: Session): Promise<void> {
    return this.#begin(`save ${session.sequence}`);
  }

  clear(shardId: number): Promise<void> {
    return this.#begin(`clear ${shardId}`);
  }

  end(): void {
    this.#ends.shift()?.resolve();
  }

  fail(cause: unknown): void {
    this.#ends.shift()?.reject(cause);
  }

  #begin(what: string): Promise<void> {
    this.begun.push(what);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    return end.promise;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const setUp = () => {
  const store = new SlowStore();
  const faults: GatewayError[] = [];
  return { store, faults, keeper: new SessionWriter(store, (error) => faults.push(error)) };
};

const broken = (): never => {
  throw new TypeError('no such method');
};

describe('SessionKeeper', () => {
  it('writes one thing at a time, and of what came meanwhile only the latest', async () => {
    const { store, keeper, faults } = setUp();
    for (const sequence of [1, 2, 3]) keeper.save(aSession({ sequence }));
    await turn();
    expect(store.begun).toEqual(['save 1']);
    store.end();
    await turn();
    expect(store.begun).toEqual(['save 1', 'save 3']);
    store.end();
    await keeper.flushed();
    expect([store.begun, faults]).toEqual([['save 1', 'save 3'], []]);
  });

  it('lets a clear replace a save that waits, and a save a clear', async () => {
    const { store, keeper } = setUp();
    keeper.save(aSession({ sequence: 1 }));
    keeper.save(aSession({ sequence: 2 }));
    keeper.clear(0);
    store.end();
    await turn();
    keeper.clear(0);
    keeper.save(aSession({ sequence: 3 }));
    store.end();
    await turn();
    store.end();
    await keeper.flushed();
    expect(store.begun).toEqual(['save 1', 'clear 0', 'save 3']);
  });

  it('writes again after everything was written', async () => {
    const { store, keeper } = setUp();
    keeper.save(aSession({ sequence: 1 }));
    store.end();
    await keeper.flushed();
    keeper.save(aSession({ sequence: 2 }));
    store.end();
    await keeper.flushed();
    expect(store.begun).toEqual(['save 1', 'save 2']);
  });

  it('loads only after what is being written', async () => {
    const { store, keeper } = setUp();
    keeper.save(aSession({ sequence: 1 }));
    const loaded = keeper.load(0);
    await turn();
    expect(store.begun).toEqual(['save 1']);
    store.end();
    expect([await loaded, store.begun]).toEqual([null, ['save 1', 'load 0']]);
  });

  it('reports a failure with its cause, and goes on with what waits', async () => {
    const { store, keeper, faults } = setUp();
    keeper.save(aSession({ sequence: 1 }));
    keeper.clear(0);
    store.fail('disk full');
    await turn();
    store.fail('still full');
    await keeper.flushed();
    expect(store.begun).toEqual(['save 1', 'clear 0']);
    expect(faults.map(({ code, message, cause }) => ({ code, message, cause }))).toEqual([
      { code: 'SESSION_STORE_FAILED', message: 'the session could not be saved', cause: 'disk full' },
      { code: 'SESSION_STORE_FAILED', message: 'the session could not be cleared', cause: 'still full' },
    ]);
  });

  it('loads what it could not write, until a write has worked again', async () => {
    const { store, keeper } = setUp();
    keeper.clear(0);
    store.fail('disk full');
    await keeper.flushed();
    expect([await keeper.load(0), store.begun]).toEqual([null, ['clear 0']]);
    keeper.save(aSession({ sequence: 5 }));
    store.fail('still full');
    await keeper.flushed();
    expect([await keeper.load(0), store.begun]).toEqual([aSession({ sequence: 5 }), ['clear 0', 'save 5']]);
    keeper.clear(0);
    store.end();
    await keeper.flushed();
    expect([await keeper.load(0), store.begun]).toEqual([null, ['clear 0', 'save 5', 'clear 0', 'load 0']]);
  });

  it('takes a store that throws for one that rejects', async () => {
    const faults: GatewayError[] = [];
    const keeper = new SessionWriter({ load: broken, save: broken, clear: broken }, (error) => faults.push(error));
    await expect(keeper.load(0)).rejects.toEqual(new TypeError('no such method'));
    keeper.save(aSession());
    await keeper.flushed();
    keeper.clear(0);
    await keeper.flushed();
    expect(faults.map(({ cause }) => cause)).toEqual([
      new TypeError('no such method'),
      new TypeError('no such method'),
    ]);
  });
});
