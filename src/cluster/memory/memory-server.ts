/**
 * The memory engine behind all connections: its parts, and what can befall it as a whole. Tests and the simulator stop it,
 * empty it, and give it an older state.
 */
import type { Clock } from '../../clock.ts';
import { MemoryCommandBus } from './memory-command-bus.ts';
import { createMemoryData } from './memory-data.ts';
import type { MemoryData } from './memory-data.ts';
import { MemoryDispatchLog } from './memory-dispatch-log.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryOwnership } from './memory-ownership.ts';
import { MemoryStore } from './memory-store.ts';
import { MemoryStreams } from './memory-streams.ts';
import { MemorySuccession } from './memory-succession.ts';
import { MemoryTopics } from './memory-topics.ts';
import { SharedIdentifyGate } from './shared-identify-gate.ts';

export interface MemoryServerOptions {
  readonly leaseTtlMs: number;
  readonly clock: Clock;
  /** Time from one IDENTIFY to the next of the same key, in ms. Only tests take less than the 5 s of Discord. Default: 5_000. */
  readonly identifySpacingMs?: number;
}

/** What the server knows, as it was at one time. */
export type MemorySnapshot = Readonly<MemoryData>;

export class MemoryServer {
  readonly store: MemoryStore;
  readonly ownership: MemoryOwnership;
  readonly journal: MemoryJournal;
  readonly log: MemoryDispatchLog;
  readonly commands: MemoryCommandBus;
  readonly succession: MemorySuccession;
  /** `running`: it was stopped or started. `forgotten`: those who wait at the gate have to ask again. */
  readonly news = new MemoryTopics<'running' | 'forgotten', void>();
  readonly #identifySpacingMs: number | undefined;
  #isRunning = true;
  #gate: SharedIdentifyGate | null = null;
  /** An older state does not know who has identified since. */
  #restoredAt = Number.NEGATIVE_INFINITY;

  constructor({ leaseTtlMs, clock, identifySpacingMs }: MemoryServerOptions) {
    this.#identifySpacingMs = identifySpacingMs;
    this.store = new MemoryStore(clock, leaseTtlMs);
    const streams = new MemoryStreams(this.store);
    this.ownership = new MemoryOwnership(this.store);
    this.journal = new MemoryJournal(this.store, this.ownership, streams);
    this.log = new MemoryDispatchLog(this.store, this.ownership, streams);
    this.commands = new MemoryCommandBus(this.store, this.ownership);
    this.succession = new MemorySuccession(this.store, this.ownership);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get gate(): SharedIdentifyGate {
    const emptyAt = Math.max(this.store.bornAt(), this.#restoredAt);
    this.#gate ??= new SharedIdentifyGate(this.store.clock, emptyAt, this.#identifySpacingMs);
    return this.#gate;
  }

  /** Can't be reached from anywhere, and keeps what it knows. */
  stop(): void {
    this.#setRunning(false);
  }

  start(): void {
    this.#setRunning(true);
  }

  /** Forgets everything, while connections stay open. */
  empty(): void {
    this.#replace(createMemoryData());
  }

  snapshot(): MemorySnapshot {
    return structuredClone(this.store.data);
  }

  /**
   * Starts again with what it knew at the time of the snapshot. Connections are lost, as with a server that reads an older
   * file, or with a replica that takes its place. The identify gate starts again, as after `empty()`.
   */
  restore(snapshot: MemorySnapshot): void {
    const wasRunning = this.#isRunning;
    this.stop();
    this.#replace(structuredClone(snapshot));
    if (wasRunning) this.start();
  }

  #replace(data: MemoryData): void {
    this.store.data = data;
    this.#gate = null;
    this.#restoredAt = this.store.clock.now();
    this.news.publish('forgotten');
  }

  #setRunning(isRunning: boolean): void {
    this.#isRunning = isRunning;
    this.news.publish('running');
  }
}
