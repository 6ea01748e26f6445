/** Records one shard, in this thread or in a worker thread. */
import type { ShardState } from '../../machines/index.ts';
import type { FrameObservation } from '../connection/frame-tap.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import type { ShardEvents } from '../shard/shard-events.ts';
import { ListenerSet } from '../inspect/listener-set.ts';
import type { RecordFields, RecordingHeader } from './format/index.ts';
import type { WriteRecord } from './record-log.ts';
import { closeReasonOf, problemOf } from './redaction.ts';
import { StepRecorder } from './step-recorder.ts';

/** What the recorder reads of any shard. */
type RecordedShard = Pick<ShardHandle, 'shardId' | 'shardCount' | 'state' | 'pendingSends' | 'on' | 'off'>;

export interface ShardRecorderDependencies {
  readonly write: WriteRecord;
  readonly isRedacted: boolean;
  /** Called when the shard has stopped, so that everything is on the disk soon. */
  readonly onStopped: () => void;
}

const ENDED: ReadonlySet<ShardState> = new Set(['disconnected', 'failed']);

export class ShardRecorder {
  readonly #shard: RecordedShard;
  /** `null` for a shard in a worker thread, which says less about its buffers. */
  readonly #inspected: InspectedShard | null;
  readonly #dependencies: ShardRecorderDependencies;
  readonly #listeners: ListenerSet<ShardEvents>;
  readonly #steps: StepRecorder;
  /** The number of its worker thread; `null` in this thread. */
  readonly #worker: number | null;
  /** `null` for a shard that shows none. */
  readonly #frames: FrameObservation | null;
  #backPressure: RecordFields<'backPressure'> = { isPaused: false, bufferedBytes: 0, pendingSends: 0 };

  constructor(shard: ShardHandle | InspectedShard, dependencies: ShardRecorderDependencies) {
    this.#inspected = 'actor' in shard ? shard : (shard.inspected ?? null);
    this.#shard = this.#inspected ?? shard;
    this.#dependencies = dependencies;
    this.#listeners = new ListenerSet<ShardEvents>({
      on: (name, listener) => void this.#shard.on(name, listener),
      off: (name, listener) => void this.#shard.off(name, listener),
    });
    const thread = 'inspectedThread' in shard ? (shard.inspectedThread ?? null) : null;
    const source = this.#inspected ?? thread;
    this.#worker = thread?.worker ?? null;
    this.#steps = new StepRecorder(source, (step) => this.#write('step', step));
    this.#write('shard', {
      shardCount: this.#shard.shardCount,
      state: this.#shard.state,
      active: this.#steps.active,
      worker: this.#worker,
      options: source?.options ?? null,
    });
    this.#frames = source === null ? null : this.#observeFrames(source);
    this.#listen();
  }

  get shardId(): number {
    return this.#shard.shardId;
  }

  /** Whether the shard stays as it is until you connect it again. */
  get hasEnded(): boolean {
    return ENDED.has(this.#shard.state);
  }

  /** What a header says about the shard. */
  get facts(): RecordingHeader['shards'][number] {
    const { shardId: shard, shardCount, state } = this.#shard;
    return { shard, shardCount, state, active: this.#steps.active, worker: this.#worker };
  }

  /** Records what is counted or read rather than emitted. */
  sample(): void {
    this.#frames?.flush();
    const { pendingSends } = this.#shard;
    const { isPaused, bufferedBytes } = this.#inspected?.backPressure ?? { isPaused: false, bufferedBytes: 0 };
    const last = this.#backPressure;
    if (isPaused === last.isPaused && bufferedBytes === last.bufferedBytes && pendingSends === last.pendingSends)
      return;
    this.#backPressure = { isPaused, bufferedBytes, pendingSends };
    this.#write('backPressure', this.#backPressure);
  }

  /** Stops observing the shard. */
  close(): void {
    this.#frames?.flush();
    this.#frames?.stop();
    this.#steps.close();
    this.#listeners.removeAll();
  }

  #observeFrames(source: Pick<InspectedShard, 'observeFrames'>): FrameObservation {
    return source.observeFrames({
      onDispatches: (counts) => this.#write('dispatches', counts),
      onFrame: (head) => this.#write('frame', head),
    });
  }

  #listen(): void {
    const listeners = this.#listeners;
    listeners.on('stateChange', ({ from, to }) => {
      this.#frames?.flush();
      this.#write('state', { from, to });
      if (ENDED.has(to)) this.#dependencies.onStopped();
    });
    listeners.on('connected', () => this.#write('connected', {}));
    listeners.on('hello', ({ heartbeatInterval }) => this.#write('hello', { heartbeatIntervalMs: heartbeatInterval }));
    listeners.on('ready', ({ guilds, session_id: sessionId }) =>
      this.#write('ready', {
        // Data from Discord has not been validated.
        guilds: Array.isArray(guilds) ? guilds.length : 0,
        sessionId: this.#dependencies.isRedacted || typeof sessionId !== 'string' ? null : sessionId,
      }),
    );
    listeners.on('resumed', ({ replayed }) => this.#write('resumed', { replayed }));
    listeners.on('reconnected', ({ resumed }) => this.#write('reconnected', { resumed }));
    listeners.on('heartbeat', ({ latency }) => this.#write('heartbeat', { latencyMs: latency }));
    listeners.on('lagged', ({ lateMs }) => this.#write('lagged', { lateMs }));
    listeners.on('disconnected', (loss) => {
      this.#frames?.flush();
      const { code, initiator, willReconnect, willResume } = loss;
      this.#write('disconnected', { code, reason: closeReasonOf(loss), initiator, willReconnect, willResume });
    });
    listeners.on('fault', (error) => this.#write('fault', problemOf(error)));
    listeners.on('failed', (error) => this.#write('failed', problemOf(error)));
    listeners.on('rateLimited', ({ opcode, retryAfter }) =>
      this.#write('rateLimited', { opcode, retryAfterMs: retryAfter * 1_000 }),
    );
    listeners.on('throttled', ({ pending, retryAfterMs }) => this.#write('throttled', { pending, retryAfterMs }));
  }

  readonly #write: ShardWriter = (kind, fields) => this.#dependencies.write(kind, this.#shard.shardId, fields);
}

type ShardWriter = <Kind extends keyof ShardKinds>(kind: Kind, fields: ShardKinds[Kind]) => void;
type ShardKinds = { [Kind in Parameters<WriteRecord>[0]]: RecordFields<Kind> };
