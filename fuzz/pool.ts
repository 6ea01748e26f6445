/** Runs seeds in several processes: each decodes in one of the two ways, and is watched for its end and for silence. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { LaneReport, LaneRequest } from './lane.ts';
import type { CaseResult } from './run.ts';
import { MANAGER_EVERY, settingOf } from './setting.ts';

/** `native`: the handle behind the streams of `node:zlib`. `stream`: the public streams. */
export const CODECS = ['native', 'stream'] as const;
export type Codec = (typeof CODECS)[number];

export interface SeedOutcome {
  readonly seed: number;
  readonly codec: Codec;
  readonly violation: string | null;
  /** The steps that still fail; `null` if they were not looked for or not found. */
  readonly shortest: readonly number[] | null;
  /** `null` when the process did not live to tell. */
  readonly result: CaseResult | null;
}

export interface PoolOptions {
  readonly codecs: readonly Codec[];
  readonly firstSeed: number;
  /** How many seeds to run, from the first one on. */
  readonly cases: number;
  /** The indexes of the only steps to run; `null` for all. */
  readonly only: readonly number[] | null;
  /** Called before each seed. `false` ends the run early. */
  readonly shouldContinue: () => boolean;
  readonly onOutcome: (outcome: SeedOutcome) => void;
  /** How long a process may say nothing, in ms. */
  readonly silenceMs?: number;
  /** The file that the processes run; a test gives its own. */
  readonly entry?: URL;
}

/** Longer than a bot may hang, which the process itself reports. */
const SILENCE_MS = 150_000;

const LANE = new URL('lane.ts', import.meta.url);
const STREAM_CODEC = new URL('stream-codec.ts', import.meta.url).href;

/** See test/kit/v8-flags.ts. */
const FLAGS = ['--wasm-wrapper-tiering-budget=2147483647', '--disable-warning=ExperimentalWarning'];
const CODEC_FLAGS: Readonly<Record<Codec, readonly string[]>> = { native: [], stream: ['--import', STREAM_CODEC] };

class Lane {
  readonly #codec: Codec;
  readonly #options: PoolOptions;
  #process: ChildProcess | null = null;

  constructor(codec: Codec, options: PoolOptions) {
    this.#codec = codec;
    this.#options = options;
  }

  /** Runs one seed. Never rejects: what goes wrong is the outcome. */
  run(request: LaneRequest): Promise<SeedOutcome> {
    const { silenceMs = SILENCE_MS } = this.#options;
    const child = (this.#process ??= this.#start());
    return new Promise((resolve) => {
      let reported: string | null = null;
      let reason: string | null = null;
      const onSilence = (): void => {
        reason = `the process said nothing for ${silenceMs / 1_000} s`;
        child.kill('SIGKILL');
      };
      let timer = setTimeout(onSilence, silenceMs);
      const settle = (outcome: Pick<SeedOutcome, 'violation' | 'shortest' | 'result'>): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve({ seed: request.seed, codec: this.#codec, ...outcome });
      };
      const onMessage = (report: LaneReport): void => {
        clearTimeout(timer);
        timer = setTimeout(onSilence, silenceMs);
        if (report.kind === 'failed') reported = report.what;
        else if (report.kind === 'done')
          settle({ violation: report.result.violation, shortest: report.shortest, result: report.result });
      };
      const onExit = (code: number | null, signal: string | null): void => {
        this.#process = null;
        const end = reason ?? `the process ended with ${signal ?? `exit code ${code}`}`;
        settle({ violation: reported ?? end, shortest: null, result: null });
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send(request);
    });
  }

  stop(): void {
    this.#process?.kill();
  }

  #start(): ChildProcess {
    return fork(this.#options.entry ?? LANE, {
      execArgv: [...FLAGS, ...CODEC_FLAGS[this.#codec]],
      serialization: 'advanced',
    });
  }
}

/**
 * Returns the codec that a seed runs with. It follows from the seed, so that the same cases run on every machine. Each
 * codec gets managers too.
 */
export const codecOf = (seed: number, codecs: readonly Codec[]): Codec | undefined =>
  codecs[(seed + Math.floor(seed / MANAGER_EVERY)) % codecs.length];

/** Each seed runs in the process of its codec. */
export async function runSeeds(options: PoolOptions): Promise<void> {
  const { codecs, firstSeed, cases, only, shouldContinue, onOutcome } = options;
  const runLane = async (codec: Codec): Promise<void> => {
    const lane = new Lane(codec, options);
    for (let seed = firstSeed; seed < firstSeed + cases && shouldContinue(); seed += 1) {
      const request: LaneRequest = { seed, only };
      if (codecOf(seed, codecs) === codec) onOutcome(await lane.run(request));
    }
    lane.stop();
  };
  await Promise.all(codecs.map(runLane));
}

/** Returns what a seed is, for a case that did not live to tell. */
export const describeSeed = (seed: number): string => {
  const { workers, shards, compression, listening, hasEventsOption } = settingOf(seed);
  const bot = workers === null ? 'one shard' : `a manager of ${shards} shards in ${workers} threads`;
  return `${bot}, compression ${compression}, listening by ${listening}${hasEventsOption ? ', with the option events' : ''}`;
};
