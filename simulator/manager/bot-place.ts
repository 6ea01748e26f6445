/**
 * The place of a bot with a manager: its session store, and its processes. One follows the other, or begins beside it.
 */
import type { Session } from '../../src/index.ts';
import { STOPPED_STATES } from '../../src/manager/shard-handle.ts';
import { randomFor } from '../../src/testing/seeded-random.ts';
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import { MAX_HEALED_OVERLAP_MS } from '../simulated-process.ts';
import type { ProcessPlace, SessionOwner } from '../simulated-process.ts';
import type { World } from '../world.ts';
import { BotProcess } from './bot-process.ts';

/** How long after the end of a process the next one starts. Everything that the last one sent has arrived by then. */
const RESTART_MS = [6_000, 30_000] as const;

export class BotPlace implements ProcessPlace {
  readonly name = 'bot';
  readonly world: World;
  readonly processes: BotProcess[] = [];
  readonly stored = new Map<number, Session>();
  readonly owners = new Map<number, SessionOwner>();
  readonly #random: SeededRandom;
  /** The processes that newer ones replace. */
  readonly #leaving = new Set<BotProcess>();
  proc: BotProcess;
  /** The probability that the user connects again after the manager has stopped. */
  persistence = 0.8;
  #ids = 0;

  constructor(world: World) {
    this.world = world;
    this.#random = randomFor(world.setting.seed, 'owner');
    this.proc = this.#startProcess();
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** Whether the manager runs and every shard is ready, on a connection that works. */
  get isHealthy(): boolean {
    const { manager, sockets } = this.proc;
    if (this.proc.isOver || manager.state !== 'running') return false;
    const openSockets = sockets.filter(
      ({ readyState, link, connection }) => readyState === 1 && !link.isHalfOpen && connection?.isClosed === false,
    );
    return [...manager.shards.values()].every(
      ({ state, session }) =>
        state === 'ready' && openSockets.some(({ connection }) => connection?.session?.id === session?.sessionId),
    );
  }

  /** Whether the manager or a shard is stopped, so that only the user can start it. */
  get isHalted(): boolean {
    const { manager } = this.proc;
    if (manager.state === 'stopped' || manager.state === 'failed' || manager.state === 'draining') return true;
    return (
      manager.state === 'running' &&
      [...manager.shards.values()].some(({ state }) => state === 'failed' || state.startsWith('disconnect'))
    );
  }

  reconnectLater(proc: BotProcess, afterMs: number): void {
    if (!this.#random.chance(this.persistence)) return;
    this.world.clock.scheduleInProcess(() => {
      if (proc === this.proc && !proc.isOver && this.persistence > 0) this.connect();
    }, afterMs);
  }

  /** The user may connect again after a failure. */
  onFailed(proc: BotProcess): void {
    this.reconnectLater(proc, this.#random.int(0, 30_000));
  }

  connect(signal?: AbortSignal): void {
    const { proc, world } = this;
    if (proc.isOver) return;
    world.eventLog.record('action', { proc, name: 'connect', what: signal === undefined ? '' : 'with a signal' });
    proc.trackPromise('connect', () => proc.manager.connect(signal === undefined ? {} : { signal }));
  }

  /** Whether two processes run. */
  get isOverlapping(): boolean {
    return this.#leaving.size > 0;
  }

  /** Starts another process beside the current one, which ends after a while. Without a store it ends first. */
  deploy(overlapMs: number, isGraceful: boolean): void {
    const { world, proc: old } = this;
    if (!world.setting.hasStore) return this.end(old, false);
    old.listenerHook = null;
    this.#leaving.add(old);
    this.proc = this.#startProcess();
    world.eventLog.record('process.deployed', { old, proc: this.proc });
    this.connect();
    // A process that slept may deploy when all faults have ended.
    const untilMs = world.isHealed ? Math.min(overlapMs, MAX_HEALED_OVERLAP_MS) : overlapMs;
    world.clock.scheduleInProcess(() => this.#leave(old, isGraceful), untilMs);
  }

  /** The current process stops, another one has the shards for a while, and then the first connects again. */
  takeTurns(turnMs: number): void {
    const { world, proc: first } = this;
    first.listenerHook = null;
    world.eventLog.record('action', { proc: first, name: 'disconnect', what: 'for the turn of another process' });
    const begin = (): void => {
      // The user may have connected it again, or one of its shards, or ended it.
      if (this.proc !== first || first.isOver || first.manager.state !== 'stopped' || this.persistence === 0) return;
      if ([...first.manager.shards.values()].some(({ state }) => !STOPPED_STATES.has(state))) return;
      const second = this.#startProcess();
      this.proc = second;
      this.#leaving.add(first);
      world.eventLog.record('process.deployed', { old: first, proc: second });
      this.connect();
      const untilMs = world.isHealed ? Math.min(turnMs, MAX_HEALED_OVERLAP_MS) : turnMs;
      world.clock.scheduleInProcess(() => this.#endTurn(first, second), untilMs);
    };
    first.trackPromise('disconnect', () => first.manager.disconnect().finally(begin));
  }

  #endTurn(first: BotProcess, second: BotProcess): void {
    if (this.proc !== second || second.isOver || !this.#leaving.delete(first)) return;
    second.listenerHook = null;
    this.#leaving.add(second);
    this.proc = first;
    this.world.eventLog.record('process.returned', { proc: first, before: second });
    this.#leave(second, true, () => {
      if (this.proc === first && this.persistence > 0) this.connect();
    });
  }

  /** Ends the processes that newer ones replace. */
  endLeaving(): void {
    for (const proc of this.#leaving) this.#leave(proc, true);
  }

  #leave(proc: BotProcess, isGraceful: boolean, onEnded = (): void => undefined): void {
    if (!this.#leaving.has(proc) || proc.isLeaving) return;
    proc.isLeaving = true;
    const { eventLog } = this.world;
    eventLog.record('action', { proc, name: isGraceful ? 'disconnect' : 'kill', what: 'beside the next process' });
    const end = (): void => {
      this.end(proc, isGraceful);
      onEnded();
    };
    if (isGraceful) proc.trackPromise('disconnect', () => proc.manager.disconnect().finally(end));
    else end();
  }

  /** Ends the process. Another one starts soon, unless it runs already. */
  end(proc: BotProcess, isGraceful: boolean): void {
    const { world } = this;
    if (proc.isOver) return;
    proc.isOver = true;
    world.eventLog.record('bot.ended', { proc, isGraceful });
    if (!world.setting.hasStore) this.stored.clear();
    for (const socket of proc.sockets) socket.destroy();
    // Frees its resources. Its sockets and its store have no effect any more.
    proc.manager.forceClose();
    if (!this.#leaving.delete(proc))
      world.clock.scheduleInWorld(() => this.#startNext(), this.#random.int(...RESTART_MS));
  }

  #startNext(): void {
    this.proc = this.#startProcess();
    if (this.persistence > 0) this.connect();
  }

  #startProcess(): BotProcess {
    const proc = new BotProcess(this.world, this, this.processes.length + 1);
    this.processes.push(proc);
    return proc;
  }
}
