/** Finds the faults that happened to one shard of a recording: what the gateway and the network did, and when. */
import { OPCODE_REASONS } from '../../src/recorder/loss-reasons.ts';
import type { RecordKind, RecordOf, RecordingRecord } from '../../src/recorder/format/index.ts';
import type { RecordedFault } from './recorded-faults.ts';

/** A fault, and when it happened, in ms since the epoch. */
export interface TimedFault {
  readonly at: number;
  readonly fault: RecordedFault;
}

/** So many dispatches in one record are a burst. */
const BURST = 100;
const MAX_BURST = 300;
/** How long a fault lasts of which only the moment is recorded. */
const MOMENT_MS = 1_000;
const DAY_MS = 86_400_000;

type TimeoutFault = 'noHello' | 'noReady' | 'noResumed';

/** Faults of the shard that say what the gateway did not do, and for how long, with the default timing. */
const TIMEOUTS: Readonly<Record<string, { readonly name: TimeoutFault; readonly forMs: number }>> = {
  HELLO_TIMEOUT: { name: 'noHello', forMs: 15_000 },
  RESUME_TIMEOUT: { name: 'noResumed', forMs: 30_000 },
  READY_TIMEOUT: { name: 'noReady', forMs: 300_000 },
};

/** Faults of the user's own code. */
const OWN_FAULTS: Readonly<Record<string, 'storeThrows' | 'listenersThrow'>> = {
  SESSION_STORE_FAILED: 'storeThrows',
  LISTENER_THREW: 'listenersThrow',
};

interface Outage {
  readonly since: number;
  lastAt: number;
  readonly hosts: Set<'main' | 'resume'>;
  isUnanswered: boolean;
}

/** The connection that is open, as far as it says why it ends. */
interface OpenConnection {
  lastAckAt: number;
  /** Whether a fault explains that it ends. */
  isExplained: boolean;
}

type Handlers = { readonly [Kind in RecordKind]?: (record: RecordOf<Kind>) => void };

/** A recording is not trusted. */
const within = (ms: number): number => Math.min(Math.max(0, ms), DAY_MS);

export class ShardFaults {
  readonly #faults: TimedFault[] = [];
  #connection: OpenConnection | null = null;
  #outage: Outage | null = null;
  #isResuming = false;
  #lostAt: number | null = null;
  #mainHost: string | null = null;
  /** What was wrong with the last attempt to connect. */
  #problem: { readonly code: string; readonly message: string | null } | null = null;

  /** Other kinds say nothing about faults. */
  readonly #handlers: Handlers = {
    shard: ({ options }) => (this.#mainHost = options?.gatewayHost ?? null),
    connected: ({ at }) => this.#connected(at),
    heartbeat: ({ at }) => {
      if (this.#connection !== null) this.#connection.lastAckAt = at;
    },
    state: ({ at, to }) => {
      this.#isResuming = to === 'resuming';
      if (to === 'zombie') this.#explained(this.#connection?.lastAckAt ?? at, { name: 'halfOpen' });
    },
    frame: (frame) => this.#onFrame(frame),
    dispatches: ({ at, count }) => {
      if (count >= BURST) this.#add(at, { name: 'burst', count: Math.min(count, MAX_BURST) });
    },
    fault: (fault) => this.#onFault(fault),
    failed: ({ at, closeCode }) => this.#closed(at, closeCode),
    disconnected: (loss) => this.#onLoss(loss),
  };

  /** A recording may begin while the shard is connected. */
  constructor(at: number, state: string) {
    if (state === 'ready') this.#connected(at);
  }

  add(record: RecordingRecord): void {
    (this.#handlers[record.kind] as ((record: RecordingRecord) => void) | undefined)?.(record);
  }

  /** Returns the faults until the end of the recording. */
  finish(): readonly TimedFault[] {
    this.#endOutage();
    return this.#faults;
  }

  #connected(at: number): void {
    this.#endOutage();
    this.#connection = { lastAckAt: at, isExplained: false };
  }

  #onFrame({ at, direction, op, resumable }: RecordOf<'frame'>): void {
    if (direction === 'out') return;
    if (op === 1) this.#add(at, { name: 'requestHeartbeats' });
    if (op === 7) this.#explained(at, { name: 'reconnect' });
    if (op !== 9) return;
    if (resumable === true) this.#explained(at, { name: 'suspend' });
    // A RESUME that was refused: the session had ended before.
    else if (this.#isResuming && this.#lostAt !== null) this.#explained(this.#lostAt - 1, { name: 'expire' });
    else this.#explained(at, { name: 'invalidate' });
  }

  #onFault({ at, code, message, closeCode }: RecordOf<'fault'>): void {
    this.#problem = { code, message };
    const timeout = TIMEOUTS[code];
    const own = OWN_FAULTS[code];
    if (code === 'DECODE_FAILED') this.#explained(at, { name: 'corrupt' });
    else if (timeout !== undefined) this.#explained(at - timeout.forMs, timeout);
    else if (own !== undefined) this.#add(at, { name: own, forMs: MOMENT_MS });
    else this.#closed(at, closeCode);
  }

  #onLoss({ at, code, reason, initiator }: RecordOf<'disconnected'>): void {
    if (this.#connection === null) {
      if (initiator === 'transport' || this.#problem?.code === 'CONNECT_TIMEOUT') this.#refused(at);
    } else if (!this.#connection.isExplained && !OPCODE_REASONS.has(reason)) {
      if (initiator === 'transport') this.#add(at, { name: 'drop' });
      if (initiator === 'gateway') this.#closed(at, code);
    }
    if (this.#connection !== null) this.#lostAt = at;
    this.#connection = null;
    this.#problem = null;
  }

  #closed(at: number, code: number | null): void {
    if (code === null || code < 1_000 || code > 4_999) return;
    if (this.#connection?.isExplained !== true) this.#explained(at, { name: 'close', code });
  }

  #refused(at: number): void {
    const { code, message } = this.#problem ?? { code: '', message: null };
    this.#outage ??= { since: this.#lostAt ?? at, lastAt: at, hosts: new Set(), isUnanswered: false };
    this.#outage.lastAt = at;
    this.#outage.isUnanswered ||= code === 'CONNECT_TIMEOUT';
    const isMain = this.#mainHost === null || message === null || message.includes(this.#mainHost);
    this.#outage.hosts.add(isMain ? 'main' : 'resume');
  }

  #endOutage(): void {
    if (this.#outage === null) return;
    const { since, lastAt, hosts, isUnanswered } = this.#outage;
    // A shard without a session tries the main host only, so nothing shows that the other one was there.
    const host = hosts.has('main') ? 'all' : 'resume';
    this.#add(since, { name: isUnanswered ? 'unreachable' : 'refuse', host, forMs: within(lastAt - since) });
    this.#outage = null;
  }

  #explained(at: number, fault: RecordedFault): void {
    this.#add(at, fault);
    if (this.#connection !== null) this.#connection.isExplained = true;
  }

  #add(at: number, fault: RecordedFault): void {
    this.#faults.push({ at, fault });
  }
}
