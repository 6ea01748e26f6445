/** When a shard looks for its session before it connects, and when it need not. */
import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Session, SessionStore, ShardOptions } from '../../src/index.ts';
import { SessionBuffer } from '../../src/manager/reshard/session-buffer.ts';
import { ClaimedSessionStore } from '../../src/session/claimed-session-store.ts';
import { LACKS_SESSION, lacksSession } from '../../src/session/lacks-session.ts';
import { Token } from '../../src/protocol/token.ts';
import { SessionOrigin } from '../../src/session/session-origin.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { TOKEN, readyShard, virtualShard } from '../kit/virtual-shard.ts';

const SESSION: Session = {
  sessionId: 'kept',
  resumeUrl: 'wss://resume.test',
  sequence: 7,
  shardId: 0,
  shardCount: 1,
};

/** Calls `connect()`, and returns how many sockets are opened in the same turn. */
function socketsAtOnce(options: Partial<ShardOptions>): number {
  const { shard, gateway } = virtualShard(options);
  shard.connect().catch(() => undefined);
  const { length } = gateway.sockets;
  shard.forceClose();
  return length;
}

const customStore = (): SessionStore => ({
  load: async () => null,
  save: async () => undefined,
  clear: async () => undefined,
});

class OtherMemorySessionStore extends MemorySessionStore {
  override load(): Promise<Session | null> {
    return Promise.resolve(SESSION);
  }
}

const claim = (): Promise<never> => new Promise(() => undefined);

const bufferOf = (store: SessionStore): SessionBuffer =>
  new SessionBuffer({
    clock: new VirtualClock(),
    store: new ClaimedSessionStore(store, { clock: new VirtualClock(), timeoutMs: 10_000, report: () => undefined }),
    origin: new SessionOrigin({ token: new Token(TOKEN), intents: 0, version: 10, compression: 'none' }),
    lowestPendingSequence: () => null,
    report: () => undefined,
  });

describe('a shard that connects', () => {
  test('opens its socket at once when its store is in memory and has no session', () => {
    expect(socketsAtOnce({})).toBe(1);
    expect(socketsAtOnce({ sessionStore: new MemorySessionStore() })).toBe(1);
  });

  test('opens its socket at once when it has a session', () => {
    expect(socketsAtOnce({ session: SESSION, sessionStore: customStore() })).toBe(1);
  });

  test('asks any other store first', async () => {
    expect(socketsAtOnce({ sessionStore: customStore() })).toBe(0);
    expect(socketsAtOnce({ sessionStore: new OtherMemorySessionStore() })).toBe(0);
    const full = new MemorySessionStore();
    await full.save(SESSION);
    expect(socketsAtOnce({ sessionStore: full })).toBe(0);
  });

  test('claims its session first, although it has one', () => {
    expect(socketsAtOnce({ session: SESSION, sessionStore: { ...customStore(), claim } })).toBe(0);
  });

  test('resumes the session of the last connection at once', async () => {
    const { clock, gateway, shard } = await readyShard();
    const disconnected = shard.disconnect();
    await clock.advanceAsync(100);
    await disconnected;
    const connected = shard.connect();
    expect(gateway.sockets).toHaveLength(2);
    await clock.advanceAsync(100);
    await connected;
    expect(gateway.last.sentOps()).toEqual([6]);
  });

  test('identifies after its session was discarded, while the store is still clearing it', async () => {
    const store = new MemorySessionStore();
    const { clock, gateway, shard } = await readyShard({ sessionStore: store });
    shard.forceClose(1000);
    const connected = shard.connect();
    await clock.advanceAsync(10_000);
    await connected;
    expect(gateway.last.sentOps()).toContain(2);
  });
});

describe('the session buffer of a manager', () => {
  test('knows after it has looked that there is no session, until the shard has one', async () => {
    const buffer = bufferOf(customStore());
    expect(lacksSession(buffer, 0)).toBe(false);
    await buffer.preload(0);
    expect(buffer[LACKS_SESSION](0)).toBe(true);
    await buffer.save(SESSION);
    expect(buffer[LACKS_SESSION](0)).toBe(false);
  });

  test('does not know when the store has a session, or failed', async () => {
    const full = new MemorySessionStore();
    await full.save(SESSION);
    const failing = { ...customStore(), load: () => Promise.reject(new Error('no disk')) };
    for (const buffer of [bufferOf(full), bufferOf(failing)]) {
      await buffer.preload(0);
      expect(lacksSession(buffer, 0)).toBe(false);
    }
  });
});
