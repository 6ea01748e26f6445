/** `reconnect()` of one shard whose session its manager has not claimed. Real sockets, with and without threads. */
import { expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { GatewayError, MemorySessionStore } from '../../src/index.ts';
import type { ClaimOptions, Session, SessionLease } from '../../src/index.ts';
import { liveManager, quickManager } from '../kit/live-manager.ts';

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
    const broken = ['resume-sequence'] as const;
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
