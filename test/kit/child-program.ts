/**
 * A program of a test that runs as a process of its own. The test calls it by message, and it reports what happens to it.
 * It can be killed and frozen.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a program sends: an answer to a call, or a report. */
export type ProgramMessage =
  | { readonly answerTo: number; readonly value?: unknown; readonly error?: { code: string; message: string } }
  | { readonly report: string; readonly data: unknown };

/** What a test sends to a program. */
export interface ProgramCall {
  readonly callId: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** An error of a call, with the code that it has in the other process. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export class ChildProgram {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #calls = new Map<number, OpenCall>();
  #lastCall = 0;
  /** What it has written to its standard streams. */
  output = '';

  constructor(path: string, options: unknown, onReport: (name: string, data: unknown) => void) {
    this.#child = fork(path, [JSON.stringify(options)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.on('message', (message: ProgramMessage) => {
      if ('report' in message) return onReport(message.report, message.data);
      const { answerTo, value, error } = message;
      const call = this.#calls.get(answerTo);
      this.#calls.delete(answerTo);
      if (error === undefined) call?.resolve(value);
      else call?.reject(new ProgramError(error.code, error.message));
    });
    // A write to a process that was killed fails; its end says so.
    this.#child.on('error', () => undefined);
    this.#ended = once(this.#child, 'close').then(() => {
      for (const { reject } of this.#calls.values()) reject(new Error(`the program has ended:\n${this.output}`));
      this.#calls.clear();
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Calls a function of the program by its name. Rejects with `ProgramError` if it throws. */
  call<T = unknown>(name: string, ...args: readonly unknown[]): Promise<T> {
    if (this.hasEnded) return Promise.reject(new Error(`the program has ended:\n${this.output}`));
    this.#lastCall += 1;
    const callId = this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    this.#calls.set(callId, { resolve, reject });
    this.#child.send({ callId, name, args } satisfies ProgramCall, () => undefined);
    return promise as Promise<T>;
  }

  /** Ends it with SIGKILL. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Stops it with SIGSTOP: no code of it runs, and its sockets stay open. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }
}
