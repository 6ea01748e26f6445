/** Where the replay of one shard is: which of its connections or outages comes next. */
import type { ConnectionStretch, HostName, OutageStretch, ShardScript, Stretch } from './replay-script.ts';

export class ShardPlayer {
  readonly script: ShardScript;
  /** Whether a connection of the client plays for the shard now. */
  isConnected = false;
  #index = 0;
  /** When the last connection ended, in ms of the replay. */
  #endedAt: number;
  #wasRefused = false;

  constructor(script: ShardScript, now: number) {
    this.script = script;
    this.#endedAt = now;
  }

  /** Whether everything that was recorded was played. */
  get isOver(): boolean {
    return this.#index >= this.script.stretches.length;
  }

  /** The outage at this time; `null` if there is none. */
  outageAt(now: number, speed: number, host: HostName): OutageStretch | null {
    const next = this.#next;
    if (next?.kind !== 'outage') return null;
    // The client is refused at least once, however late it comes.
    if (this.#wasRefused && (now - this.#endedAt) * speed > next.durationMs) {
      this.#advance(this.#endedAt);
      return this.outageAt(now, speed, host);
    }
    return next.hosts.has(host) ? next : null;
  }

  /** Counts a refused attempt to connect. */
  refused(): void {
    this.#wasRefused = true;
  }

  /** The connection that comes next; `null` during an outage, and if there is no more. */
  get nextConnection(): ConnectionStretch | null {
    const next = this.#next;
    return next?.kind === 'connection' ? next : null;
  }

  /** The connection of the client has closed. */
  ended(now: number): void {
    this.isConnected = false;
    this.#advance(now);
  }

  get #next(): Stretch | undefined {
    return this.script.stretches[this.#index];
  }

  #advance(endedAt: number): void {
    this.#index += 1;
    this.#endedAt = endedAt;
    this.#wasRefused = false;
  }
}
