/**
 * One shard under observation. What is rare is always kept: states, closes, faults, beats. What is frequent (each
 * event with its edges, each dispatch) is only looked at while somebody has this shard selected.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { Dispatch } from '../protocol/packets.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { Beat, Entry, Mark, ShardDetail, ShardSummary, StateChange } from './messages.ts';
import { Ring } from './ring.ts';
import { shownPayload } from './shown-payload.ts';
import type { ShownShard } from './shown-shard.ts';
import { activeByState, activeIn } from './steps.ts';
import { Watch } from './watch.ts';
import type { WatchHost } from './watch.ts';

/** How much of a shard's past is kept. */
const KEPT = { states: 500, marks: 200, beats: 240 } as const;

export interface ProbeHost extends WatchHost {
  /** What everybody is told. */
  log(entry: Entry): void;
  /** With payloads: what of a dispatch may be shown. */
  readonly redact: ((dispatch: Dispatch) => unknown) | null;
}

/** What is new since it was last asked for. */
export interface Fresh {
  readonly states: readonly StateChange[];
  readonly marks: readonly Mark[];
  readonly beats: readonly Beat[];
}

/** What a page can select. */
export interface Subject {
  readonly detail: ShardDetail;
  /** Looks closely until as many have called `unwatch`. */
  watch(): void;
  unwatch(): void;
  takeFresh(): Fresh;
}

export class Probe implements Subject {
  readonly key: string;
  readonly #shard: ShownShard;
  readonly #host: ProbeHost;
  readonly #watch: Watch;
  readonly #states = new Ring<StateChange>({ maxRows: KEPT.states });
  readonly #marks = new Ring<Mark>({ maxRows: KEPT.marks });
  readonly #beats = new Ring<Beat>({ maxRows: KEPT.beats });
  readonly #releases: (() => void)[] = [];
  #fresh = { states: [] as StateChange[], marks: [] as Mark[], beats: [] as Beat[] };
  #since: number;
  #measured: { at: number; sequence: number | null };
  #dispatchesPerSecond = 0;

  constructor(key: string, shard: ShownShard, host: ProbeHost) {
    this.key = key;
    this.#shard = shard;
    this.#host = host;
    this.#watch = new Watch(host);
    this.#since = host.now();
    this.#measured = { at: this.#since, sequence: shard.sequence };
    this.#states.push({ at: this.#since, state: shard.state });
    this.#listen();
  }

  /** Says how many dispatches there were since it was last called. */
  measure(): void {
    const { sequence } = this.#shard;
    const at = this.#host.now();
    const seconds = (at - this.#measured.at) / 1000;
    // A new session counts from the start.
    const count = Math.max(0, (sequence ?? 0) - (this.#measured.sequence ?? 0));
    this.#dispatchesPerSecond = seconds > 0 ? count / seconds : 0;
    this.#measured = { at, sequence };
  }

  get summary(): ShardSummary {
    const { shardId, shardCount, state, pingMs, sequence, lastDispatchAt, pendingSends, sendWindow } = this.#shard;
    const dispatchesPerSecond = Math.round(this.#dispatchesPerSecond * 10) / 10;
    return { key: this.key, shardId, shardCount, state, since: this.#since, pingMs, dispatchesPerSecond, sequence, lastDispatchAt, pendingSends, sendWindow };
  }

  /** Whether nothing more may come of it by itself. */
  get isOver(): boolean {
    return this.#shard.state === 'disconnected' || this.#shard.state === 'failed';
  }

  get identifyQueue(): ShownShard['identifyQueue'] {
    return this.#shard.identifyQueue;
  }

  get detail(): ShardDetail {
    const { actor } = this.#shard;
    return {
      key: this.key,
      chart: actor === null ? 'shard' : (actor.getSnapshot() as AnyMachineSnapshot).machine.id,
      active: actor === null ? activeByState(this.#shard.state) : activeIn(actor),
      states: this.#states.toArray(),
      marks: this.#marks.toArray(),
      beats: this.#beats.toArray(),
    };
  }

  takeFresh(): Fresh {
    const fresh = this.#fresh;
    this.#fresh = { states: [], marks: [], beats: [] };
    return fresh;
  }

  watch(): void {
    if (!this.#watch.begin()) return;
    this.#fresh = { states: [], marks: [], beats: [] };
    this.#watch.follow(this.#shard.actor);
    if (this.#host.redact !== null) this.#shard.on('dispatch', this.#showDispatch);
  }

  unwatch(): void {
    if (this.#watch.end()) this.#shard.off('dispatch', this.#showDispatch);
  }

  /** Lets go of the shard. */
  close(): void {
    this.#watch.close();
    this.#shard.off('dispatch', this.#showDispatch);
    for (const release of this.#releases) release();
  }

  readonly #showDispatch = (dispatch: Dispatch): void => {
    const { redact } = this.#host;
    if (redact === null) return;
    this.#host.logDetail({ at: this.#host.now(), kind: 'dispatch', text: dispatch.t, payload: shownPayload(dispatch, redact) });
  };

  #listen(): void {
    this.#on('stateChange', ({ from, to }) => {
      const at = this.#host.now();
      this.#since = at;
      if (to === 'zombie') this.#keep('beats', this.#beats, { at, latencyMs: null });
      this.#keep('states', this.#states, { at, state: to });
      const active = this.#shard.actor === null ? { active: activeByState(to) } : {};
      this.#host.log({ at, kind: 'state', text: `${from} → ${to}`, ...active });
      // A machine that broke and was started again is another actor.
      this.#watch.follow(this.#shard.actor);
    });
    this.#on('heartbeat', ({ latency }) => {
      const at = this.#host.now();
      this.#keep('beats', this.#beats, { at, latencyMs: latency });
      if (this.#watch.isOn) this.#host.logDetail({ at, kind: 'beat', text: `answered after ${Math.round(latency)} ms` });
    });
    this.#on('disconnected', ({ code, reason, initiator, willReconnect, willResume }) => {
      const next = willReconnect ? (willResume ? 'will resume' : 'will start a new session') : 'the end';
      this.#mark('closed', code === null ? 'no code' : String(code), `${code ?? 'no code'} ${reason} (${initiator}); ${next}`);
    });
    this.#on('fault', ({ code, message }) => this.#mark('fault', code, `${code}: ${message}`));
    this.#on('failed', ({ code, message }) => this.#mark('failed', code, `${code}: ${message}`));
    this.#on('throttled', ({ pending, retryAfterMs }) => this.#notice(`${pending} frames held back for ${Math.round(retryAfterMs)} ms`));
    this.#on('rateLimited', ({ opcode, retryAfter }) => this.#notice(`Discord limits op ${opcode} for ${retryAfter} s`));
    this.#on('lagged', ({ lateMs }) => this.#notice(`a beat was ${Math.round(lateMs)} ms late: this process was busy`));
  }

  #on<Name extends keyof ShardEvents>(name: Name, listener: (...args: ShardEvents[Name]) => void): void {
    this.#shard.on(name, listener);
    this.#releases.push(() => this.#shard.off(name, listener));
  }

  #keep<Kind extends keyof Fresh>(kind: Kind, ring: Ring<Fresh[Kind][number]>, item: Fresh[Kind][number]): void {
    ring.push(item);
    if (this.#watch.isOn) (this.#fresh[kind] as Fresh[Kind][number][]).push(item);
  }

  #mark(kind: Mark['kind'], text: string, said: string): void {
    const at = this.#host.now();
    this.#keep('marks', this.#marks, { at, kind, text });
    this.#host.log({ at, kind, text: said });
  }

  #notice(text: string): void {
    this.#host.log({ at: this.#host.now(), kind: 'notice', text });
  }
}
