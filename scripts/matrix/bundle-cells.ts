/** Runs the bot out of every bundle: without threads, with one, and with one whose file the option `threadUrl` names. */
import type { Bundler } from './bundlers.ts';
import { exchange, listen } from './exchange.ts';
import { failureOf, outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Bundle } from './tool.ts';

/** The columns of the table. */
export const THREADS = ['no threads', '`workers`', '`workers` and `threadUrl`'] as const;

/** What the cell of a thread that the bundler does not find must show. */
const NOT_FOUND = '`WORKER_FAILED`';

/** Returns what the cells must show; `null` stands for a bot that runs. */
export const promised = ({ findsThread }: Bundler): readonly (string | null)[] => [
  null,
  findsThread ? null : NOT_FOUND,
  null,
];

const attempt = ({ cwd, bot }: Bundle, options: Readonly<Record<string, unknown>>): Promise<Outcome> =>
  outcomeOf(async () => {
    await using gateway = await listen();
    await exchange({ project: cwd, command: () => bot }, gateway, { compression: 'zlib-stream', ...options });
  });

/** Returns the outcomes in the order of `THREADS`; `null` where this machine can't build it. */
export async function runBundle(bundler: Bundler, project: string): Promise<readonly Outcome[] | null> {
  try {
    const bundle = await bundler.build(project);
    if (bundle === null) return null;
    return [
      await attempt(bundle, {}),
      await attempt(bundle, { workers: 1 }),
      await attempt(bundle, { workers: 1, threadUrl: bundle.thread }),
    ];
  } catch (error) {
    const failed = failureOf(error);
    return THREADS.map(() => failed);
  }
}
