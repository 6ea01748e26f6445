/** A bot of the matrix in a process of its own, on any runtime: what it says, line by line, with a deadline. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How to start a program: the command, and its arguments. */
export type Command = readonly [file: string, ...args: string[]];

/** One line of `test/runtimes/bot.mjs`. */
export type BotLine = Readonly<Record<string, unknown>>;

export interface BotSettings {
  readonly cwd: string;
  /** The options of the bot's manager, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Variables in addition to those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A bot that says nothing for so long has failed; the machine may be busy. */
export const PATIENCE_MS = 30_000;

const describe = (lines: readonly BotLine[]): string =>
  lines
    .slice(-8)
    .map((line) => JSON.stringify(line))
    .join(' ');

const parseLine = (text: string): BotLine => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as BotLine;
  } catch {
    // A message of the runtime, not of the bot.
  }
  return { output: text };
};

export class BotProcess implements AsyncDisposable {
  readonly lines: BotLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stderr = '';
  #read = 0;
  #wake: () => void = () => undefined;
  #exit: { code: number | null } | null = null;

  constructor([file, ...args]: Command, { cwd, options, environment = {} }: BotSettings) {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...environment, BOT: JSON.stringify(options), NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (text) => {
      this.lines.push(parseLine(text));
      this.#wake();
    });
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.#exit = { code };
        this.#wake();
        resolve(code);
      };
      child.once('error', (error) => {
        this.#stderr += error.message;
        end(null);
      });
      child.once('close', end);
    });
  }

  /** What the bot wrote to stderr, and its last lines, for a message. */
  get transcript(): string {
    return `${describe(this.lines)} ${this.#stderr.trim().slice(-600)}`.trim();
  }

  /** Resolves with the next line for which `isWanted`; the lines before it are skipped. Rejects when none comes. */
  async next(what: string, isWanted: (line: BotLine) => boolean): Promise<BotLine> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, PATIENCE_MS);
    try {
      for (;;) {
        while (this.#read < this.lines.length) {
          const line = this.lines[this.#read++] ?? {};
          if (isWanted(line)) return line;
        }
        if (this.#exit !== null) throw new Error(`ended (${this.#exit.code}) before ${what}: ${this.transcript}`);
        if (isLate) throw new Error(`never: ${what}: ${this.transcript}`);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the bot's standard input, upon which it disconnects. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    this.#child.stdin?.end();
    await this.next('stopped', ({ stopped }) => stopped === true);
    return this.exitCode();
  }

  /** Closes the standard input, and resolves with the exit code; rejects when the process does not end. */
  async exitCode(): Promise<number | null> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const code = await this.#ended;
    clearTimeout(timer);
    if (code === null) throw new Error(`did not end: ${this.transcript}`);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
