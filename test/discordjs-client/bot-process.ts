/** Starts the bot as a process, and reads what it writes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BOT = fileURLToPath(new URL('bot.ts', import.meta.url));

export interface BotExit {
  readonly code: number | null;
  readonly stderr: string;
}

export class BotProcess {
  /** The ids of the messages that the bot has handled, in order. */
  readonly messages: number[] = [];
  readonly exited: Promise<BotExit>;
  readonly #kill: (signal: NodeJS.Signals) => void;
  readonly #lines: string[] = [];
  readonly #onLine = new Set<() => void>();

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', BOT, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#kill = (signal) => void child.kill(signal);
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += String(data)));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      this.#lines.push(line);
      const [, id] = /^message (\d+)$/.exec(line) ?? [];
      if (id !== undefined) this.messages.push(Number(id));
      for (const notify of this.#onLine) notify();
    });
    // All output has been read by then.
    this.exited = Promise.all([once(child, 'close'), once(lines, 'close')]).then(([[code]]) => ({
      code: code as number | null,
      stderr,
    }));
  }

  kill(signal: NodeJS.Signals): Promise<BotExit> {
    this.#kill(signal);
    return this.exited;
  }

  /** Resolves with the first line that matches. Rejects if the bot ends without one. */
  async line(pattern: RegExp): Promise<string> {
    const found = (): string | undefined => this.#lines.find((line) => pattern.test(line));
    await this.#until(() => found() !== undefined, String(pattern));
    return found()!;
  }

  /** Resolves when the messages that the bot has handled are as wanted. Rejects if it ends before. */
  handled(areWanted: (messages: readonly number[]) => boolean): Promise<void> {
    return this.#until(() => areWanted(this.messages), 'its messages');
  }

  async #until(isReached: () => boolean, what: string): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const check = (): void => {
        if (isReached() && this.#onLine.delete(check)) resolve();
      };
      this.#onLine.add(check);
      check();
    });
    const ended = this.exited.then(({ code, stderr }) => {
      if (!isReached()) throw new Error(`the bot ended with ${code} before ${what}: ${stderr}`);
    });
    await Promise.race([reached, ended]);
  }
}
