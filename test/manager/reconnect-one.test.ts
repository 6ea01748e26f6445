/** One shard is connected whose session its manager has not claimed. Real sockets, with and without threads. */
import { describe, expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { GatewayError, MemorySessionStore } from '../../src/index.ts';
import type { ClaimOptions, Session, SessionLease } from '../../src/index.ts';
import { liveManager, quickManager } from '../kit/live-manager.ts';
import { QUICK } from '../kit/timing.ts';

/** Sessions that several processes share. Each has a view of its own, with the claims that it made. */
class SharedSessions {
  readonly sessions = new MemorySessionStore();
  #fence = 0;
  #owned = false;

  openView() {
    const claims: string[] = [];
    const writes: boolean[] = [];
    const claim = async (_: number, { takeOver = false }: ClaimOptions = {}): Promise<SessionLease> => {
      if (this.#owned && !takeOver) throw new GatewayError('SESSION_IN_USE', 'the other bot runs');
      claims.push(this.#owned ? 'taken over' : 'claimed');
      this.#owned = true;
      this.#fence += 1;
      const fence = this.#fence;
      const release = async (): Promise<void> => {
        if (fence === this.#fence) this.#owned = false;
      };
      return { fence, release };
    };
    const save = async (session: Session, lease?: SessionLease): Promise<void> => {
      writes.push(lease?.fence === this.#fence);
      if (lease?.fence !== this.#fence) throw new GatewayError('SESSION_IN_USE', 'the other bot runs');
      await this.sessions.save(session);
    };
    const load = (shardId: number) => this.sessions.load(shardId);
    const clear = (shardId: number) => this.sessions.clear(shardId);
    return { claims, writes, store: { load, save, clear, claim } };
  }
}

test.each([0, 2])(
  'reconnect() of a shard of a manager that waits takes its session over (%i workers)',
  async (workers) => {
    const shared = new SharedSessions();
    const [old, fresh] = [shared.openView(), shared.openView()];
    // The old manager is not asked to store what it received last, so the new one resumes from a little before.
    const broken = ['resume-repeat'] as const;
    await using kit = await liveManager({ workers, shards: 1, sessionStore: old.store }, {}, { broken });
    await kit.manager.connect();
    const manager = quickManager(kit.gateway, { workers, shards: 1, sessionStore: fresh.store });
    const connected = manager.connect();
    await waitFor(manager.actor, (snapshot) => snapshot.matches({ active: { starting: 'launching' } }));
    await manager.shards.get(0)!.reconnect();
    await connected;
    await manager.disconnect();
    expect([old.claims, fresh.claims]).toEqual([['claimed'], ['taken over']]);
    expect(fresh.writes).not.toContain(false);
  },
);

const SHORT_CLAIM = { ...QUICK, claimTimeoutMs: 1 };

describe.each([0, 2])('with %i workers', (workers) => {
  async function twoManagers() {
    const shared = new SharedSessions();
    const [old, fresh] = [shared.openView(), shared.openView()];
    const options = { workers, shards: 1, timing: SHORT_CLAIM };
    const kit = await liveManager({ ...options, sessionStore: old.store });
    const manager = quickManager(kit.gateway, { ...options, sessionStore: fresh.store });
    await kit.manager.connect();
    await expect(manager.connect()).rejects.toMatchObject({ code: 'SESSION_IN_USE' });
    return { old, fresh, kit, manager, shard: manager.shards.get(0)! };
  }

  test('connect() of a shard waits until its session is claimed, and rejects while another process has it', async () => {
    const { fresh, kit, manager, shard } = await twoManagers();
    await using _ = kit;
    const opened = kit.gateway.connections.length;
    await expect(shard.connect()).rejects.toMatchObject({ code: 'SESSION_IN_USE' });
    expect([shard.state, kit.gateway.connections.length, fresh.claims]).toEqual(['disconnected', opened, []]);

    await kit.manager.disconnect();
    await shard.connect();
    expect([shard.state, fresh.claims]).toEqual(['ready', ['claimed']]);
    await manager.disconnect();
    expect(fresh.writes).not.toContain(false);
  });

  test('a stop and a signal end the wait of connect() for the session', async () => {
    const { fresh, kit, manager, shard } = await twoManagers();
    await using _ = kit;
    const abort = new AbortController();
    const calls = [shard.connect({ signal: abort.signal }), shard.connect(), shard.connect()];
    abort.abort();
    const stopping = shard.disconnect();
    calls.push(shard.connect());
    shard.forceClose();
    const codes = (await Promise.allSettled(calls)).map((call) => call.status === 'rejected' && call.reason.code);
    expect(codes).toEqual(['ABORTED', 'STOPPED', 'STOPPED', 'STOPPED']);
    await stopping;
    expect([shard.state, fresh.claims]).toEqual(['disconnected', []]);
    await manager.disconnect();
  });

  test('a shard that is connected while its manager stops keeps its session until it stops too', async () => {
    const shared = new SharedSessions();
    const [old, fresh] = [shared.openView(), shared.openView()];
    await using kit = await liveManager({ workers, shards: 1, sessionStore: old.store });
    await kit.manager.connect();
    const stopping = kit.manager.disconnect();
    const reconnected = kit.manager.shards.get(0)!.reconnect();
    await Promise.all([stopping, reconnected]);
    await expect(fresh.store.claim(0)).rejects.toMatchObject({ code: 'SESSION_IN_USE' });

    await kit.manager.disconnect();
    await (await fresh.store.claim(0)).release();
    expect([old.claims, fresh.claims]).toEqual([['claimed'], ['claimed']]);
  });
});
