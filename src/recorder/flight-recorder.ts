/** `FlightRecorder`: an observer that writes what shards and managers do into a directory. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { InspectionEvent } from 'xstate';
import { setUnrefTimeout, systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { InspectedManager } from '../manager/inspected-manager.ts';
import type { ShardHandle } from '../manager/shard-handle.ts';
import { assertOption, isPositiveInteger } from '../protocol/validation.ts';
import type { InspectedShard } from '../shard/inspected-shard.ts';
import { VERSION as PACKAGE_VERSION } from '../version.ts';
import { FORMAT, VERSION, lineOf } from './format/index.ts';
import type { RecordOf, RecordingHeader, RecordingRecord } from './format/index.ts';
import { runOf } from './format/segment-name.ts';
import { ManagerRecorder } from './manager-recorder.ts';
import { ProcessWatch, processCpuTime } from './process-watch.ts';
import type { CpuTime } from './process-watch.ts';
import type { WriteRecord } from './record-log.ts';
import { diskFiles } from './recording-files.ts';
import type { RecordingFiles } from './recording-files.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { DroppedLines } from './segment-writer.ts';
import { ShardRecorder } from './shard-recorder.ts';
import { recordTelemetryChannels } from './telemetry-log.ts';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const MIN_MAX_BYTES = 256 * 1024;

/** A process that is killed loses at most this much. */
const WRITE_EVERY_MS = 250;
/** Counters are read every so many writes: once a second. */
const SAMPLE_EVERY = 4;

/** Options of a {@link FlightRecorder}. */
export interface FlightRecorderOptions {
  /** Where the recording is written. It is created if it is missing. Give each bot a directory of its own. */
  directory: string;
  /**
   * The max size of the directory, in bytes; at least 262,144. The oldest parts are deleted. Raise it to look back
   * further: a quiet shard needs about 1 MB a day, and each busy one some MB more.
   * @defaultValue `67_108_864` (64 MiB)
   */
  maxBytes?: number;
  /**
   * Whether session ids are left out too. Set it to `false` only if you need them, and do not share such a recording.
   * Tokens and the contents of dispatches are never recorded.
   * @defaultValue `true`
   */
  redact?: boolean;
  /**
   * The source of all times and timers. Set it to the virtual clock of a test.
   * @defaultValue `systemClock`
   */
  clock?: Clock;
}

/** What tests replace. */
export interface FlightRecorderPorts {
  readonly files: RecordingFiles;
  readonly cpuTime: CpuTime;
}

/**
 * Records what shards and managers do, so that you can read later why a bot was offline: `shardwright explain
 * DIRECTORY`. Pass it as the option `inspect`, beside other observers if you like. See `docs/incidents.md` for what is in
 * a recording; tokens and the contents of dispatches are not.
 * @example
 * ```ts
 * const shard = new Shard({ token, intents, inspect: new FlightRecorder({ directory: './recording' }) });
 * ```
 */
export class FlightRecorder implements AsyncDisposable {
  /** The directory of the recording, as an absolute path. */
  readonly directory: string;
  readonly #clock: Clock;
  readonly #isRedacted: boolean;
  readonly #startedAt: number;
  readonly #run: string;
  readonly #writer: SegmentWriter;
  readonly #process: ProcessWatch;
  readonly #shards = new Set<ShardRecorder>();
  readonly #managers = new Set<ManagerRecorder>();
  #stopTelemetry: (() => void) | null = null;
  #timer: unknown;
  #ticks = 0;
  #isClosed = false;

  /** @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option */
  constructor(
    options: FlightRecorderOptions,
    { files = diskFiles, cpuTime = processCpuTime }: Partial<FlightRecorderPorts> = {},
  ) {
    const { directory, maxBytes = DEFAULT_MAX_BYTES, redact = true, clock = systemClock } = options;
    assertOption(typeof directory === 'string' && directory !== '', 'directory must be the path of a directory');
    assertOption(
      isPositiveInteger(maxBytes) && maxBytes >= MIN_MAX_BYTES,
      `maxBytes must be an integer of at least ${MIN_MAX_BYTES}`,
    );
    assertOption(typeof redact === 'boolean', 'redact must be a boolean');
    this.directory = resolve(directory);
    this.#clock = clock;
    this.#isRedacted = redact;
    this.#startedAt = clock.now();
    this.#run = runOf(this.#startedAt, process.pid, randomBytes(2).toString('hex'));
    this.#writer = new SegmentWriter({
      directory: this.directory,
      maxBytes,
      run: this.#run,
      files,
      clock,
      header: (segment) => lineOf(this.#header(segment)),
      droppedLine: (dropped) => lineOf(this.#droppedRecord(dropped)),
      onProblem: (message) => process.emitWarning(message, 'ShardwrightRecorderWarning'),
    });
    this.#process = new ProcessWatch({ write: this.#write, cpuTime, onExit: (exitCode) => this.#onExit(exitCode) });
  }

  /** Does nothing: the recorder observes the shards that it is attached to. */
  next(_event: InspectionEvent): void {}

  /** Called by a shard that has the recorder as an observer. */
  attach(shard: InspectedShard): void {
    if (!this.#isClosed) this.#addShard(shard);
  }

  /** Called by a manager that has the recorder as an observer. */
  attachManager(manager: InspectedManager): void {
    if (this.#isClosed) return;
    this.#start();
    const recorder = new ManagerRecorder(manager, {
      write: this.#write,
      addShard: (shard) => this.#addShard(shard),
      removeShard: (shard) => {
        this.#removeShard(shard);
        this.#write('shardRemoved', shard.shardId, {});
      },
    });
    this.#managers.add(recorder);
  }

  /** Resolves when everything so far is on the disk, or can't be written now. Never rejects. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }

  /** Ends the recording: nothing is observed any more. Resolves when everything is on the disk. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    for (const recorder of [...this.#managers, ...this.#shards]) recorder.close();
    this.#write('end', null, { reason: 'closed', exitCode: null });
    this.#stop();
    await this.#writer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #addShard(shard: InspectedShard | ShardHandle): ShardRecorder {
    this.#start();
    // A shard that has ended and is replaced would otherwise be held for good.
    for (const other of this.#shards) if (other.shardId === shard.shardId && other.hasEnded) this.#removeShard(other);
    const recorder = new ShardRecorder(shard, {
      write: this.#write,
      isRedacted: this.#isRedacted,
      onStopped: () => void this.#writer.flush(),
    });
    this.#shards.add(recorder);
    return recorder;
  }

  #removeShard(shard: ShardRecorder): void {
    shard.close();
    this.#shards.delete(shard);
  }

  /** Does nothing after the first call. */
  #start(): void {
    if (this.#stopTelemetry !== null || this.#isClosed) return;
    this.#stopTelemetry = recordTelemetryChannels(this.#write);
    this.#setTimer();
    // A process that ends at once leaves a recording too.
    void this.#writer.flush();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#stopTelemetry?.();
    this.#process.close();
  }

  #setTimer(): void {
    const dueAt = this.#clock.now() + WRITE_EVERY_MS;
    this.#timer = setUnrefTimeout(this.#clock, () => this.#tick(this.#clock.now() - dueAt), WRITE_EVERY_MS);
  }

  #tick(lateMs: number): void {
    this.#process.tick(lateMs);
    this.#ticks += 1;
    if (this.#ticks % SAMPLE_EVERY === 0)
      for (const recorder of [...this.#managers, ...this.#shards]) recorder.sample();
    void this.#writer.flush();
    this.#setTimer();
  }

  #onExit(exitCode: number): void {
    for (const recorder of this.#shards) recorder.sample();
    this.#write('end', null, { reason: 'exit', exitCode });
    this.#stop();
    this.#writer.flushSync();
  }

  readonly #write: WriteRecord = (kind, shard, fields) => {
    if (this.#isClosed) return;
    this.#writer.add(lineOf({ at: this.#clock.now(), shard, kind, ...fields } as unknown as RecordingRecord));
  };

  #droppedRecord(dropped: DroppedLines): RecordOf<'dropped'> {
    return { at: this.#clock.now(), shard: null, kind: 'dropped', ...dropped };
  }

  #header(segment: number): RecordingHeader {
    const [manager] = this.#managers;
    return {
      at: this.#clock.now(),
      shard: null,
      kind: 'header',
      format: FORMAT,
      version: VERSION,
      run: this.#run,
      segment,
      process: {
        pid: process.pid,
        startedAt: this.#startedAt,
        node: process.version,
        platform: process.platform,
        arch: process.arch,
        shardwright: PACKAGE_VERSION,
      },
      isRedacted: this.#isRedacted,
      managerState: manager?.state ?? null,
      shards: [...this.#shards].map(({ facts }) => facts),
    };
  }
}
