/** A set of shards in memory, whose sessions receive what a simulated gateway sends them in any order that Discord allows. */
import * as fc from 'fast-check';
import { BufferedSession } from '../../src/manager/reshard/session-buffer.ts';
import type { ShardSet } from '../../src/manager/shard-set.ts';
import type { Dispatch } from '../../src/index.ts';

/** What was sent to a session and has not arrived yet: an event, or the ACK of a heartbeat. */
type Item = Dispatch | (() => void);

export class SimulatedSession {
  readonly entry: BufferedSession;
  /** Items on their way from the gateway. */
  readonly queue: Item[] = [];
  /** Heartbeats on their way to the gateway. */
  readonly heartbeats: (() => void)[] = [];
  sequence = 0;

  constructor(shardId: number) {
    this.entry = new BufferedSession(shardId, () => ({ advance: () => undefined }) as never);
  }
}

export class SimulatedSet {
  readonly sessions: SimulatedSession[];
  readonly set: ShardSet;
  isReady = true;

  /** @param shards - their number, or those of another set */
  constructor(shards: number | readonly SimulatedSession[]) {
    this.sessions =
      typeof shards === 'number' ? Array.from({ length: shards }, (_, id) => new SimulatedSession(id)) : [...shards];
    const readyShards = this.sessions.map((session) => ({
      barrier: () => new Promise<void>((resolve) => session.heartbeats.push(resolve)),
    }));
    const ready = (): boolean => this.isReady;
    this.set = {
      readyShards,
      sessionBuffer: { isFrozen: false },
      get isReady() {
        return ready();
      },
      get isQuiescent() {
        return ready();
      },
    } as unknown as ShardSet;
  }

  send(t: string, guild: number, d: object): void {
    const session = this.sessions[guild % this.sessions.length]!;
    session.sequence += 1;
    session.queue.push({ op: 0, t, s: session.sequence, d } as unknown as Dispatch);
  }
}

export const flushMicrotasks = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await Promise.resolve();
};

/** One step: what happens, and a number that selects the guild or session. */
export const step = fc.record({
  action: fc.constantFrom('emit', 'heartbeat', 'arrive', 'arrive', 'arrive'),
  target: fc.nat(1_000),
});
