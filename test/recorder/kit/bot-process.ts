/** A bot with a recorder in a process of its own, which a test may kill, stop or block. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

const BOT = new URL('../../kit/recorded-bot.ts', import.meta.url);

export interface Bot {
  readonly child: ChildProcess;
  /** When the bot said that something had happened, and what. */
  readonly said: { readonly at: number; readonly what: string }[];
  readonly isReady: Promise<void>;
}

/** Starts the bot of `test/kit/recorded-bot.ts`, which records into the directory. */
export function startBot(directory: string, url: string, maxBytes = 64 * 1024 * 1024): Bot {
  const child = fork(BOT, [url, directory, String(maxBytes)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const said: Bot['said'] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trimEnd().split('\n')) {
      const [at = '', what = ''] = line.split(' ');
      said.push({ at: Number(at), what });
      if (what === 'beat') resolve();
    }
  });
  return { child, said, isReady: promise };
}
