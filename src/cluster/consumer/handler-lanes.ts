/**
 * Calls handlers: those of one guild one after the other, others at the same time. A guild whose handler has failed rests
 * until its dispatch is tried again, and holds up no other.
 */
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { isThenable } from '../../shard/emitter.ts';
import { CallWatch } from '../../shard/call-watch.ts';
import type { EntryOwner, StreamEntry } from './stream-entry.ts';

interface HandlerLanesOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  /** How long a call may take, in ms. */
  readonly limitMs: number;
  readonly call: (entry: StreamEntry) => unknown;
  /** Called when more may be read. */
  readonly onRoom: () => void;
}

/** The dispatches of one guild. */
interface Lane {
  readonly key: string;
  readonly owner: EntryOwner;
  waiting: StreamEntry[];
  /** `resting`: its first entry is tried again later. */
  state: 'ready' | 'running' | 'resting';
  /** Whether its handler has failed, or is slow. What waits behind it does not keep others from being read. */
  isBlocked: boolean;
  timer: unknown;
}

interface Call {
  readonly lane: Lane;
  readonly entry: StreamEntry;
  /** Its outcome no longer counts. */
  isOver: boolean;
}

/** For each handler that may run, so many entries may wait. */
const WAITING_PER_HANDLER = 16;
/** A handler that takes longer is slow. */
const SLOW_MS = 5_000;
/** What waits behind guilds that are blocked is bounded too. */
const MAX_BYTES = 67_108_864;

export class HandlerLanes {
  readonly #options: HandlerLanesOptions;
  readonly #lanes = new Map<string, Lane>();
  /** The lanes whose first entry waits only for its turn, the longest wait first. */
  readonly #ready = new Set<Lane>();
  readonly #calls: CallWatch;
  readonly #slowCalls: CallWatch;
  readonly #running = new Set<Call>();
  /** What waits, but not behind a guild that is blocked. */
  #waiting = 0;
  #bytes = 0;
  #isPumping = false;

  constructor(options: HandlerLanesOptions) {
    this.#options = options;
    const { clock, limitMs } = options;
    this.#calls = new CallWatch({ clock, limitMs, onSlow: (ms, call) => this.#onSlow(call as Call, ms) });
    this.#slowCalls = new CallWatch({
      clock,
      limitMs: Math.min(SLOW_MS, limitMs / 2),
      onSlow: (_, call) => {
        this.#setBlocked((call as Call).lane, true);
        if (this.room > 0) options.onRoom();
      },
    });
  }

  /** How many entries may be read. */
  get room(): number {
    const { concurrency } = this.#options;
    if (this.#running.size + this.#ready.size >= concurrency || this.#bytes >= MAX_BYTES) return 0;
    return Math.max(0, concurrency * WAITING_PER_HANDLER - this.#waiting);
  }

  push(entry: StreamEntry): void {
    const { key, owner, bytes } = entry;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, owner, waiting: [], state: 'ready', isBlocked: false, timer: undefined };
      this.#lanes.set(key, lane);
      this.#ready.add(lane);
    }
    lane.waiting.push(entry);
    this.#bytes += bytes;
    if (!lane.isBlocked) this.#waiting += 1;
  }

  /** Starts as many calls as may run. */
  pump(): void {
    // A handler that is not asynchronous ends within the loop, which then comes to the next entry of its lane.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (const lane of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) break;
      if (lane.owner.mayBegin) this.#start(lane);
    }
    this.#isPumping = false;
    if (this.room > 0) this.#options.onRoom();
  }

  /** Drops what waits of one stream. Calls that run go on, and their outcome counts for the stream alone. */
  drop(owner: EntryOwner): void {
    for (const lane of this.#lanes.values()) {
      if (lane.owner !== owner) continue;
      this.#options.clock.clearTimeout(lane.timer);
      this.#setBlocked(lane, true);
      for (const { bytes } of lane.waiting) this.#bytes -= bytes;
      lane.waiting = [];
      this.#lanes.delete(lane.key);
      this.#ready.delete(lane);
    }
  }

  /** How many calls of one stream run. */
  runningOf(owner: EntryOwner): number {
    let count = 0;
    for (const { lane } of this.#running) if (lane.owner === owner) count += 1;
    return count;
  }

  #start(lane: Lane): void {
    this.#ready.delete(lane);
    const entry = lane.waiting.shift();
    if (entry === undefined) return;
    lane.state = 'running';
    if (!lane.isBlocked) this.#waiting -= 1;
    const call: Call = { lane, entry, isOver: false };
    this.#running.add(call);
    if (entry.mustCount) void this.#countAndRun(call);
    else this.#run(call);
  }

  /** Before the handler is called: a process that it ends must not begin with it again and again. */
  async #countAndRun(call: Call): Promise<void> {
    const mayBegin = await call.entry.owner.count(call.entry);
    if (mayBegin && call.entry.owner.mayBegin) this.#run(call);
    else this.#rest(call, 0);
  }

  #run(call: Call): void {
    const { entry } = call;
    entry.nackOptions = null;
    this.#calls.start(call);
    this.#slowCalls.start(call);
    try {
      const result = this.#options.call(entry);
      if (isThenable(result)) {
        // A promise of another library may settle twice, or call back at once.
        void Promise.resolve(result).then(
          () => this.#onSettled(call, null),
          (cause: unknown) => this.#onSettled(call, { cause }),
        );
        return;
      }
      this.#onSettled(call, null);
    } catch (cause) {
      this.#onSettled(call, { cause });
    }
  }

  #onSlow(call: Call, ms: number): void {
    const { t } = call.entry.dispatch;
    const message = `a handler of ${t} has not settled for ${Math.round(ms)} ms`;
    this.#finish(call, { cause: new GatewayError('SLOW_LISTENER', message) });
  }

  #onSettled(call: Call, failure: { readonly cause: unknown } | null): void {
    if (call.isOver) return;
    this.#calls.end(call);
    this.#finish(call, failure);
  }

  #finish(call: Call, failure: { readonly cause: unknown } | null): void {
    const { entry } = call;
    call.isOver = true;
    this.#slowCalls.end(call);
    const nack = entry.nackOptions;
    const failed = failure ?? (nack === null ? null : { cause: new Error('nack() was called') });
    const delayMs = failed === null ? null : entry.owner.fail(entry, failed.cause, nack?.delayMs);
    if (failed === null) void entry.owner.settle(entry).catch(() => undefined);
    if (delayMs === null) this.#end(call);
    else this.#rest(call, delayMs);
  }

  /** The lane goes on with its next entry. */
  #end(call: Call): void {
    const { lane, entry } = call;
    this.#running.delete(call);
    this.#bytes -= entry.bytes;
    this.#setBlocked(lane, false);
    if (lane.waiting.length > 0) {
      lane.state = 'ready';
      this.#ready.add(lane);
    } else if (this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
    lane.owner.onCallEnd();
    this.pump();
  }

  /** The lane waits, and begins with the same entry. */
  #rest(call: Call, delayMs: number): void {
    const { lane, entry } = call;
    this.#running.delete(call);
    if (this.#lanes.get(lane.key) !== lane) this.#bytes -= entry.bytes;
    else {
      this.#setBlocked(lane, true);
      lane.waiting.unshift(entry);
      lane.state = 'resting';
      lane.timer = this.#options.clock.setTimeout(() => {
        lane.state = 'ready';
        this.#ready.add(lane);
        this.pump();
      }, delayMs);
    }
    lane.owner.onCallEnd();
    this.pump();
  }

  #setBlocked(lane: Lane, isBlocked: boolean): void {
    if (lane.isBlocked === isBlocked) return;
    lane.isBlocked = isBlocked;
    this.#waiting += isBlocked ? -lane.waiting.length : lane.waiting.length;
  }
}
