/**
 * Watches the process itself: whether it was busy or suspended, and how it ended. A recording without a record of the
 * end is one of a process that was killed.
 */
import type { WriteRecord } from './record-log.ts';
import { errorName } from './redaction.ts';

/** How much CPU time the process has used, in ms. */
export type CpuTime = () => number;

export const processCpuTime: CpuTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** A timer that is later than this is recorded. */
const LATE_MS = 200;

export interface ProcessWatchOptions {
  readonly write: WriteRecord;
  readonly cpuTime: CpuTime;
  /** Called at the exit of the process, with its exit code: what is not written in this turn is lost. */
  readonly onExit: (exitCode: number) => void;
}

export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  #cpuMs: number;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#cpuMs = options.cpuTime();
    process.on('exit', this.#onExit);
    process.on('uncaughtExceptionMonitor', this.#onCrash);
  }

  /** Called by a timer, with how late it is. With little CPU time the process stood still, else it was busy. */
  tick(lateMs: number): void {
    const before = this.#cpuMs;
    this.#cpuMs = this.#options.cpuTime();
    if (lateMs > LATE_MS)
      this.#options.write('lag', null, { lateMs: Math.round(lateMs), cpuMs: Math.round(this.#cpuMs - before) });
  }

  close(): void {
    process.off('exit', this.#onExit);
    process.off('uncaughtExceptionMonitor', this.#onCrash);
  }

  readonly #onExit = (exitCode: number): void => this.#options.onExit(exitCode);

  readonly #onCrash = (error: unknown): void => {
    const { name } = error instanceof Error ? error : { name: typeof error };
    this.#options.write('crash', null, {
      name: errorName({ name }) ?? 'Error',
      code: errorName({ code: errorCodeOf(error) }),
    });
  };
}

const errorCodeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
