/** Builds the script of one connection from its records. */
import type { RecordFields } from '../../../recorder/format/index.ts';
import type { Act, Anchor, ConnectionStretch, ScriptedKind, TimedAct } from './replay-script.ts';

const MIN_INTERVAL_MS = 50;
const MAX_INTERVAL_MS = 3_600_000;
/** A recording is not trusted. This is far more than Discord sends in a second. */
const MAX_DISPATCHES = 20_000;
const MAX_DISPATCH_BYTES = 256 * 1024;
/** An ACK that took longer is held back for that time. */
const SLOW_ACK_MS = 250;
/** What a dispatch is like of which only the sequence was recorded. */
const UNKNOWN_KIND = { t: 'MESSAGE_CREATE', bytes: 400 };

/** The order of acts at the same time is that of the records. */
export class ConnectionBuilder {
  readonly #openedAt: number;
  readonly #acts: TimedAct[] = [];
  #missed: ScriptedKind[] = [];
  #helloAt: number | null = null;
  #identifiedAt: number | null = null;
  #answeredAt: number | null = null;
  #intervalMs: number;
  #lastAckAt: number;
  #unansweredAt: number | null = null;
  /** When something arrived last. */
  #lastInAt: number;
  #isZombie = false;
  /** Whether the shard ended the connection because of what the gateway sent. */
  #askedToLeave = false;

  constructor(openedAt: number, intervalMs: number) {
    this.#openedAt = openedAt;
    this.#lastAckAt = openedAt;
    this.#lastInAt = openedAt;
    this.#intervalMs = intervalMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  hello(at: number, intervalMs: number | null): void {
    this.#helloAt ??= at;
    if (intervalMs !== null) this.#intervalMs = Math.min(Math.max(intervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
  }

  /** IDENTIFY or RESUME was sent. */
  identified(at: number): void {
    this.#identifiedAt ??= at;
  }

  /** READY or RESUMED has arrived. */
  answered(at: number): void {
    if (this.#answeredAt !== null) return;
    // A shard in a worker thread shows no frames.
    this.#identifiedAt ??= this.#helloAt ?? at;
    this.#act(at, { kind: 'answer', missed: this.#missed });
    this.#answeredAt = at;
    this.#lastAckAt = Math.max(this.#lastAckAt, at);
  }

  received(at: number, { op, resumable }: RecordFields<'frame'>): void {
    this.#lastInAt = at;
    if (op === 1) this.#act(at, { kind: 'requestHeartbeat' });
    if (op === 7) this.#act(at, { kind: 'requestReconnect' });
    if (op === 9) this.#act(at, { kind: 'invalidate', isResumable: resumable === true });
    if (op === 7 || op === 9) this.#askedToLeave = true;
  }

  heartbeatSent(at: number): void {
    this.#unansweredAt ??= at;
  }

  acknowledged(at: number, latencyMs: number): void {
    if (latencyMs > SLOW_ACK_MS) {
      // Not from the last ACK on: a client that sends its heartbeats at other times would wait for more than an interval.
      this.#act(at - latencyMs, { kind: 'holdAcks' });
      this.#act(at, { kind: 'releaseAcks' });
    }
    this.#lastAckAt = at;
    this.#unansweredAt = null;
  }

  dispatches(at: number, { periodMs, count, kinds }: RecordFields<'dispatches'>): void {
    this.#lastInAt = at;
    let left = MAX_DISPATCHES;
    const scripted = [...(kinds ?? new Map([[UNKNOWN_KIND.t, { count, bytes: count * UNKNOWN_KIND.bytes }]]))].map(
      ([t, kind]) => {
        const taken = Math.min(kind.count, left);
        left -= taken;
        return {
          t,
          count: taken,
          bytes: Math.min(Math.round(kind.bytes / Math.max(kind.count, 1)), MAX_DISPATCH_BYTES),
        };
      },
    );
    if (this.#answeredAt === null) {
      this.#missed = [...this.#missed, ...scripted];
      return;
    }
    const from = Math.max(at - periodMs, this.#answeredAt);
    this.#act(from, { kind: 'dispatches', periodMs: Math.max(at - from, 0), kinds: scripted });
  }

  zombie(): void {
    this.#isZombie = true;
  }

  corrupt(at: number): void {
    this.#act(at, { kind: 'corrupt' });
    this.#askedToLeave = true;
  }

  ended(at: number, { initiator, code }: RecordFields<'disconnected'>): void {
    if (this.#askedToLeave || initiator === 'shard') return;
    this.#act(at, initiator === 'gateway' && code !== null ? { kind: 'close', code } : { kind: 'drop' });
  }

  /** @param endedAt - when the connection or the recording ended */
  build(endedAt: number): ConnectionStretch {
    const isUnanswered = this.#unansweredAt !== null && endedAt - this.#unansweredAt >= this.#intervalMs / 2;
    // Where nothing came after the heartbeat, a close frame would have had no answer either.
    const isSilent = this.#unansweredAt !== null && this.#lastInAt <= this.#unansweredAt;
    if (this.#isZombie || isUnanswered) this.#act(this.#lastAckAt, { kind: isSilent ? 'fallSilent' : 'holdAcks' });
    return {
      kind: 'connection',
      heartbeatIntervalMs: this.#intervalMs,
      helloAfterMs: this.#helloAt === null ? null : Math.max(0, this.#helloAt - this.#openedAt),
      hasIdentified: this.#identifiedAt !== null,
      acts: this.#acts.toSorted((a, b) => a.afterMs - b.afterMs),
    };
  }

  #act(at: number, act: Act): void {
    const anchors: readonly (readonly [Anchor, number | null])[] = [
      ['answered', this.#answeredAt],
      ['identified', this.#identifiedAt],
    ];
    const [anchor, since] = anchors.find(([, time]) => time !== null && time <= at) ?? ['opened', null];
    this.#acts.push({ anchor, afterMs: Math.max(0, at - (since ?? this.#openedAt)), act });
  }
}
