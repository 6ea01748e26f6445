/**
 * Reports listeners that block the event loop, and handlers that run for long: heartbeats and all other events wait for
 * them.
 *
 * The ordinary dispatch must pay nothing for it. A connection measures how long each message takes already, to
 * read a backlog in portions; so a slow message is known without a further read. Here only the name of its dispatch is
 * kept, to say which listeners it was. What decoding takes is not theirs: it is short except for large packets, and
 * for these the clock is read once more, between decoding and delivery.
 */
import type { Clock } from '../clock.ts';
import type { MessageWatch } from '../connection/message-watch.ts';
import { LazyDispatch } from '../decoding/lazy-dispatch.ts';
import { GatewayError } from '../protocol/errors.ts';
import { shortName } from '../protocol/printable.ts';
import type { Dispatch } from '../protocol/packets.ts';

/** Decoding a packet below this size takes less than 1 ms. */
const LARGE_BYTES = 64 * 1_024;

/** How often one name is reported at most. */
const REPORT_EVERY_MS = 60_000;

/** More names than Discord has. A gateway that invents names must not fill the memory. */
const MAX_NAMES = 256;

const HANDLER_HINT =
  'Give requests of the handler a timeout, and raise its concurrency if it needs so long; or raise timing.slowHandlerMs.';

interface ListenerWatchOptions {
  readonly clock: Clock;
  readonly timing: { readonly slowListenerMs: number | null; readonly slowHandlerMs: number | null };
  readonly report: (error: GatewayError) => void;
}

export class ListenerWatch implements MessageWatch {
  readonly limitMs: number;
  readonly handlerLimitMs: number | null;
  readonly clock: Clock;
  readonly #report: (error: GatewayError) => void;
  /** Created with the first report. */
  #reportedAt: Map<string, number> | null = null;
  /** The dispatch of the current message; `null` before it is delivered. */
  #name: string | null = null;
  /** When its listeners were called, if that is long after the message began. */
  #calledAt: number | null = null;
  /** Whether a listener was found slow within the current message, which is then slow for no other reason. */
  #hasFound = false;

  constructor({ clock, timing, report }: ListenerWatchOptions) {
    this.clock = clock;
    this.limitMs = timing.slowListenerMs ?? Number.POSITIVE_INFINITY;
    this.handlerLimitMs = timing.slowHandlerMs;
    this.#report = report;
  }

  startMessage(): void {
    this.#name = null;
    this.#hasFound = false;
  }

  /** Called before the listeners of a dispatch. */
  startDispatch(dispatch: Dispatch): void {
    this.#name = dispatch.t;
    this.#calledAt = LazyDispatch.byteLengthOf(dispatch) < LARGE_BYTES ? null : this.clock.now();
  }

  endSlowMessage(startedAt: number, now: number): void {
    const name = this.#name;
    if (name !== null && !this.#hasFound) this.endCall(name, this.#calledAt ?? startedAt, now);
  }

  /** Called after the listeners of an event that is rare enough to be timed alone. */
  endCall(name: string, startedAt: number, now: number): void {
    const ms = now - startedAt;
    if (ms < this.limitMs) return;
    this.#hasFound = true;
    const event = shortName(name);
    this.#reportOnce(event, `the listeners of ${event} blocked the event loop for ${Math.round(ms)} ms`);
  }

  /** Called when a concurrent handler has been running for long. */
  reportHandler(name: string, ms: number): void {
    const handler = `a handler of ${shortName(name)}`;
    this.#reportOnce(handler, `${handler} has been running for ${Math.round(ms / 1_000)} s`, { hint: HANDLER_HINT });
  }

  #reportOnce(key: string, message: string, options: { hint?: string } = {}): void {
    const now = this.clock.now();
    const reportedAt = (this.#reportedAt ??= new Map());
    const last = reportedAt.get(key);
    if (last !== undefined && now - last < REPORT_EVERY_MS) return;
    if (reportedAt.size >= MAX_NAMES) reportedAt.clear();
    reportedAt.set(key, now);
    this.#report(new GatewayError('SLOW_LISTENER', message, options));
  }
}
