/** The place of one shard id: its session store, and its processes, one after the other. */
import type { Session, ShardEvents } from '../src/index.ts';
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import { randomFor } from '../src/testing/seeded-random.ts';
import { ShardProcess } from './shard-process.ts';
import { MAX_HEALED_OVERLAP_MS } from './simulated-process.ts';
import type { ProcessPlace, SessionOwner } from './simulated-process.ts';
import type { World } from './world.ts';

export class ShardPlace implements ProcessPlace {
  readonly world: World;
  readonly shardId: number;
  readonly processes: ShardProcess[] = [];
  readonly #random: SeededRandom;
  readonly stored = new Map<number, Session>();
  readonly owners = new Map<number, SessionOwner>();
  proc: ShardProcess;
  /** The probability that the user connects again after the shard has stopped. */
  persistence = 0.8;
  readonly #leaving = new Set<ShardProcess>();
  #ids = 0;

  constructor(world: World, shardId: number) {
    this.world = world;
    this.shardId = shardId;
    this.#random = randomFor(world.setting.seed, `user ${shardId}`);
    this.proc = this.#startProcess(null);
  }

  get name(): string {
    return String(this.shardId);
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** Whether the shard is ready, on a connection that works. */
  get isHealthy(): boolean {
    const socket = this.proc.sockets.at(-1);
    return (
      this.proc.shard.state === 'ready' &&
      socket?.readyState === 1 &&
      !socket.link.isHalfOpen &&
      socket.connection?.isClosed === false
    );
  }

  /** Starts another process beside the current one, which ends after a while. Without a store it ends first. */
  deploy(overlapMs: number, isGraceful: boolean): void {
    const { world, proc: old } = this;
    const isAlone = !world.setting.hasStore;
    if (isAlone) {
      world.eventLog.record('action', { proc: old, name: 'forceClose', what: 'before the next process begins' });
      old.listenerHook = null;
      old.shard.forceClose();
      this.restart(null);
    } else this.proc = this.#startProcess(null);
    world.eventLog.record('process.deployed', { old, proc: this.proc });
    this.connect();
    if (isAlone) return;
    this.#leaving.add(old);
    // A process that slept may deploy when all faults have ended.
    const untilMs = world.isHealed ? Math.min(overlapMs, MAX_HEALED_OVERLAP_MS) : overlapMs;
    world.clock.scheduleInProcess(() => this.#end(old, isGraceful), untilMs);
  }

  /** The current process stops, another one has the shard for a while, and then the first connects again. */
  takeTurns(turnMs: number): void {
    const { world, proc: first } = this;
    first.listenerHook = null;
    world.eventLog.record('action', { proc: first, name: 'disconnect', what: 'for the turn of another process' });
    const begin = (): void => {
      // The user may have connected it again, or ended it.
      if (this.proc !== first || first.isOver || first.shard.state !== 'disconnected') return;
      if (this.persistence === 0) return;
      const second = this.#startProcess(null);
      this.proc = second;
      this.#leaving.add(first);
      world.eventLog.record('process.deployed', { old: first, proc: second });
      this.connect();
      const untilMs = world.isHealed ? Math.min(turnMs, MAX_HEALED_OVERLAP_MS) : turnMs;
      world.clock.scheduleInProcess(() => this.#endTurn(first, second), untilMs);
    };
    first.trackPromise('disconnect', () => first.shard.disconnect().finally(begin));
  }

  #endTurn(first: ShardProcess, second: ShardProcess): void {
    if (this.proc !== second || !this.#leaving.delete(first)) return;
    this.#leaving.add(second);
    this.proc = first;
    this.world.eventLog.record('process.returned', { proc: first, before: second });
    this.#end(second, true, () => {
      if (this.proc === first && this.persistence > 0) this.connect();
    });
  }

  /** Ends the processes that newer ones replace. */
  endLeaving(): void {
    for (const proc of this.#leaving) this.#end(proc, true);
  }

  #end(proc: ShardProcess, isGraceful: boolean, onEnded = (): void => undefined): void {
    if (!this.#leaving.delete(proc)) return;
    proc.listenerHook = null;
    const name = isGraceful ? 'disconnect' : 'forceClose';
    this.world.eventLog.record('action', { proc, name, what: 'beside the next process' });
    const end = (): void => {
      proc.isOver = true;
      this.world.eventLog.record('process.ended', { proc, isGraceful });
      for (const socket of proc.sockets) socket.destroy();
      // Frees its resources. Its sockets and its store have no effect any more.
      proc.shard.forceClose();
      onEnded();
    };
    if (isGraceful) proc.trackPromise('disconnect', () => proc.shard.disconnect().finally(end));
    else end();
  }

  /** Starts another process, perhaps with a session from the last one. */
  restart(session: Session | null): void {
    this.proc.isOver = true;
    if (!this.world.setting.hasStore) this.stored.clear();
    this.proc = this.#startProcess(session);
  }

  /** The user may connect again when the shard has stopped. */
  onEvent(proc: ShardProcess, name: keyof ShardEvents, arg: unknown): void {
    const hasGivenUp =
      name === 'failed' || (name === 'disconnected' && !(arg as ShardEvents['disconnected'][0]).willReconnect);
    if (hasGivenUp) this.reconnectLater(proc, this.#random.int(0, 30_000));
  }

  reconnectLater(proc: ShardProcess, afterMs: number): void {
    if (!this.#random.chance(this.persistence)) return;
    this.world.clock.scheduleInProcess(() => {
      if (proc === this.proc && this.persistence > 0) this.connect();
    }, afterMs);
  }

  connect(signal?: AbortSignal): void {
    const { proc, world } = this;
    world.eventLog.record('action', { proc, name: 'connect', what: signal === undefined ? '' : 'with a signal' });
    proc.trackPromise('connect', () => proc.shard.connect(signal === undefined ? {} : { signal }));
  }

  #startProcess(session: Session | null): ShardProcess {
    const proc = new ShardProcess(this.world, this, this.processes.length + 1, session);
    this.processes.push(proc);
    return proc;
  }
}
