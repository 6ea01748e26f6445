/**
 * Observes one shard. Rare facts are always kept: states, closes, faults and heartbeats. Frequent ones (each event with
 * its transitions, each dispatch) are only read while a page has the shard selected.
 */
import type { GatewayError } from '../protocol/errors.ts';
import type { Dispatch } from '../protocol/packets.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import type { Heartbeat, NewLogEntry, Mark, ShardDetail, ShardSummary, StateChange } from './messages.ts';
import type { DetailUpdates, Inspectable } from './inspectable.ts';
import { ListenerSet } from './listener-set.ts';
import { RingBuffer } from './page/model/ring-buffer.ts';
import type { InspectedShardView } from './shard-view.ts';
import { activeStatesFromFlat } from '../shard/machine-steps.ts';
import { DetailSubscription } from './detail-subscription.ts';
import type { DetailSubscriptionDependencies } from './detail-subscription.ts';

/** How many of a shard's newest changes are kept. */
const HISTORY_LIMITS = { states: 500, marks: 200, heartbeats: 240 } as const;

/** Longer payloads are cut: a person does not read them. */
const MAX_PAYLOAD_CHARACTERS = 16_384;

type SendWindow = ShardSummary['sendWindow'];

const isSameWindow = (a: SendWindow, b: SendWindow): boolean => a?.used === b?.used && a?.limit === b?.limit;

export interface ShardProbeDependencies extends DetailSubscriptionDependencies {
  /** Logs an entry that every page receives. */
  log(entry: NewLogEntry): void;
  /** Returns the part of a dispatch that may be shown; `null` when payloads are not shown. */
  readonly redact: ((dispatch: Dispatch) => unknown) | null;
}

export class ShardProbe implements Inspectable {
  readonly key: string;
  readonly #shard: InspectedShardView;
  readonly #dependencies: ShardProbeDependencies;
  readonly #subscription: DetailSubscription;
  readonly #states = new RingBuffer<StateChange>({ maxRows: HISTORY_LIMITS.states });
  readonly #marks = new RingBuffer<Mark>({ maxRows: HISTORY_LIMITS.marks });
  readonly #heartbeats = new RingBuffer<Heartbeat>({ maxRows: HISTORY_LIMITS.heartbeats });
  readonly #listeners: ListenerSet<ShardEvents>;
  #updates = { states: [] as StateChange[], marks: [] as Mark[], heartbeats: [] as Heartbeat[] };
  #since: number;
  #measuredAt: number;
  #measuredSequence: number | null;
  #isQuiet = false;
  #dispatchesPerSecond = 0;

  constructor(key: string, shard: InspectedShardView, dependencies: ShardProbeDependencies) {
    this.key = key;
    this.#shard = shard;
    this.#dependencies = dependencies;
    this.#subscription = new DetailSubscription(dependencies);
    this.#listeners = new ListenerSet(shard);
    this.#since = dependencies.now();
    this.#measuredAt = this.#since;
    this.#measuredSequence = shard.sequence;
    this.#states.push({ at: this.#since, state: shard.state });
    this.#listen();
  }

  /** Updates the rate of dispatches, from their count since the last call. */
  measure(at: number): void {
    const { sequence } = this.#shard;
    const seconds = (at - this.#measuredAt) / 1000;
    if (seconds === 0) return;
    // The sequence of a new session starts over.
    const count = Math.max(0, (sequence ?? 0) - (this.#measuredSequence ?? 0));
    this.#dispatchesPerSecond = Math.round((count / seconds) * 10) / 10;
    this.#measuredAt = at;
    this.#measuredSequence = sequence;
    this.#isQuiet = count === 0;
  }

  /** Whether no dispatch had come when it was last measured, and no heartbeat was acknowledged since. */
  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** Whether a summary still holds. A thousand shards are asked every second, so it makes no second summary. */
  isStill(summary: ShardSummary): boolean {
    const shard = this.#shard;
    return (
      summary.state === shard.state &&
      summary.since === this.#since &&
      summary.pingMs === shard.pingMs &&
      summary.dispatchesPerSecond === this.#dispatchesPerSecond &&
      summary.sequence === shard.sequence &&
      summary.lastDispatchAt === shard.lastDispatchAt &&
      summary.pendingSends === shard.pendingSends &&
      isSameWindow(summary.sendWindow, shard.sendWindow) &&
      summary.worker === shard.worker &&
      summary.shardId === shard.shardId &&
      summary.shardCount === shard.shardCount
    );
  }

  get summary(): ShardSummary {
    const { shardId, shardCount, state, pingMs, sequence, lastDispatchAt, pendingSends, sendWindow, worker } =
      this.#shard;
    return {
      key: this.key,
      shardId,
      shardCount,
      state,
      since: this.#since,
      pingMs,
      dispatchesPerSecond: this.#dispatchesPerSecond,
      sequence,
      lastDispatchAt,
      pendingSends,
      sendWindow,
      ...(worker === undefined ? {} : { worker }),
    };
  }

  /** Whether the shard stays as it is until you connect it again. */
  get hasEnded(): boolean {
    return this.#shard.state === 'disconnected' || this.#shard.state === 'failed';
  }

  get identifyQueue(): InspectedShardView['identifyQueue'] {
    return this.#shard.identifyQueue;
  }

  get detail(): ShardDetail {
    const { active, state } = this.#shard;
    return {
      key: this.key,
      chart: 'shard',
      active: active ?? activeStatesFromFlat(state),
      states: this.#states.toArray(),
      marks: this.#marks.toArray(),
      heartbeats: this.#heartbeats.toArray(),
    };
  }

  consumeUpdates(): DetailUpdates {
    const updates = this.#updates;
    this.#updates = { states: [], marks: [], heartbeats: [] };
    return updates;
  }

  subscribe(): void {
    if (!this.#subscription.addSubscriber()) return;
    this.#updates = { states: [], marks: [], heartbeats: [] };
    this.#subscription.observe(this.#shard);
    if (this.#dependencies.redact !== null) this.#shard.on('dispatch', this.#logDispatch);
  }

  unsubscribe(): void {
    if (this.#subscription.removeSubscriber()) this.#shard.off('dispatch', this.#logDispatch);
  }

  /** Stops observing the shard. */
  close(): void {
    this.#subscription.close();
    this.#shard.off('dispatch', this.#logDispatch);
    this.#listeners.removeAll();
  }

  readonly #logDispatch = (dispatch: Dispatch): void => {
    const { redact } = this.#dependencies;
    if (redact === null) return;
    this.#dependencies.logDetail({
      at: this.#dependencies.now(),
      kind: 'dispatch',
      text: dispatch.t,
      payload: payloadPreview(dispatch, redact),
    });
  };

  #listen(): void {
    this.#listeners.on('stateChange', ({ from, to }) => {
      const at = this.#dependencies.now();
      this.#since = at;
      if (to === 'zombie') this.#record('heartbeats', this.#heartbeats, { at, latencyMs: null });
      this.#record('states', this.#states, { at, state: to });
      // The last step of a thread that died is not known, nor is any before the first page has asked for them.
      const active = this.#shard.active === null ? { active: activeStatesFromFlat(to) } : {};
      this.#dependencies.log({ at, kind: 'state', text: `${from} → ${to}`, ...active });
    });
    this.#listeners.on('heartbeat', ({ latency }) => {
      this.#isQuiet = false;
      const at = this.#dependencies.now();
      this.#record('heartbeats', this.#heartbeats, { at, latencyMs: latency });
      if (this.#subscription.isActive)
        this.#dependencies.logDetail({ at, kind: 'heartbeat', text: `acknowledged after ${Math.round(latency)} ms` });
    });
    this.#listeners.on('disconnected', ({ code, reason, initiator, willReconnect, willResume }) => {
      const next = willReconnect ? (willResume ? 'will resume' : 'will start a new session') : 'will not reconnect';
      this.#recordMark(
        'closed',
        code === null ? 'no code' : String(code),
        `${code ?? 'no code'} ${reason} (${initiator}); ${next}`,
      );
    });
    this.#listeners.on('fault', (error) => this.#recordProblem('fault', error));
    this.#listeners.on('failed', (error) => this.#recordProblem('failed', error));
    this.#listeners.on('throttled', ({ pending, retryAfterMs }) =>
      this.#logNotice(`${pending} payloads wait ${Math.round(retryAfterMs)} ms for the send limit`),
    );
    this.#listeners.on('rateLimited', ({ opcode, retryAfter }) =>
      this.#logNotice(`Discord rate-limits op ${opcode} for ${retryAfter} s`),
    );
    this.#listeners.on('lagged', ({ lateMs }) =>
      this.#logNotice(`a heartbeat was ${Math.round(lateMs)} ms late: this process was busy`),
    );
  }

  #record<Kind extends keyof DetailUpdates>(
    kind: Kind,
    buffer: RingBuffer<DetailUpdates[Kind][number]>,
    item: DetailUpdates[Kind][number],
  ): void {
    buffer.push(item);
    if (this.#subscription.isActive) (this.#updates[kind] as DetailUpdates[Kind][number][]).push(item);
  }

  #recordProblem(kind: 'fault' | 'failed', { code, message, hint }: GatewayError): void {
    this.#recordMark(kind, code, `${code}: ${message}`, hint);
  }

  #recordMark(kind: Mark['kind'], text: string, logText: string, hint?: string): void {
    const at = this.#dependencies.now();
    this.#record('marks', this.#marks, { at, kind, text });
    this.#dependencies.log({ at, kind, text: logText, ...(hint === undefined ? {} : { hint }) });
  }

  #logNotice(text: string): void {
    this.#dependencies.log({ at: this.#dependencies.now(), kind: 'notice', text });
  }
}

/** Never throws, so that a user's `redact` can not disturb the shard. */
function payloadPreview(dispatch: Dispatch, redact: (dispatch: Dispatch) => unknown): unknown {
  try {
    const text = JSON.stringify(redact(dispatch)) ?? 'null';
    return text.length > MAX_PAYLOAD_CHARACTERS
      ? `${text.slice(0, MAX_PAYLOAD_CHARACTERS)}… (${text.length} characters)`
      : (JSON.parse(text) as unknown);
  } catch {
    return '[not shown: redact threw or returned a value that is not JSON]';
  }
}
