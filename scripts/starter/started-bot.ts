/** A bot that `npm start` of its project starts, and what it prints. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Manifest {
  scripts: { start: string };
}

/** Far longer than a bot needs for any check, even on a busy machine. Then it hangs, and is killed. */
const LIMIT_MS = 60_000;

export class StartedBot {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #onOutput = new Set<() => void>();
  #output = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        for (const notify of this.#onOutput) notify();
      });
  }

  /** Runs the script `start` without npm, which would not pass every signal on. */
  static async start(project: string, env: Readonly<Record<string, string>> = {}): Promise<StartedBot> {
    const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Manifest;
    const [node, ...args] = scripts.start.split(' ');
    if (node !== 'node') throw new Error(`the script start does not begin with node: ${scripts.start}`);
    const { DISCORD_TOKEN: _, ...others } = process.env;
    return new StartedBot(
      spawn(process.execPath, args, {
        cwd: project,
        env: { ...others, ...env },
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      }),
    );
  }

  get output(): string {
    return this.#output;
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Resolves when the bot has printed a text. Rejects if it ends first. */
  async printed(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#output.includes(text)) resolve();
    };
    this.#onOutput.add(check);
    check();
    await this.reaches(promise, `it printed "${text}"`);
    this.#onOutput.delete(check);
  }

  /** Resolves when the promise does. Rejects if the bot ends first. */
  async reaches<T>(promise: Promise<T>, what: string): Promise<T> {
    const ended = this.#closed.then(() => {
      throw new Error(`the bot ended before ${what}:\n${this.#output}`);
    });
    return Promise.race([promise, ended]);
  }

  /** Resolves when the bot has ended. Rejects if its exit code is another. */
  async ended(exitCode: number): Promise<void> {
    await this.#closed;
    if (this.#child.exitCode === exitCode) return;
    const how = this.#child.exitCode ?? this.#child.signalCode;
    throw new Error(`the bot ended with ${how} instead of ${exitCode}:\n${this.#output}`);
  }

  /** Stops the bot as a supervisor does. Rejects if its exit code is not 0. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    // Windows has no signals: there this kills the process.
    await (process.platform === 'win32' ? this.#closed : this.ended(0));
  }
}
