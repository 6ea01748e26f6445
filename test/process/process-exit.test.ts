import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('process-exit.ts', import.meta.url));
/** Far longer than a process needs that nothing keeps open, also on a machine that is busy. */
const LIMIT_MS = 60_000;
const MOMENTS = [
  'disconnected',
  'restoring',
  'connecting',
  'awaitingHello',
  'queued',
  'identifying',
  'ready',
  'resuming',
  'zombie',
  'reconnecting',
  'disconnecting',
  'failed',
];

describe.each(['disconnect', 'forceClose'])('a process that ends its shard by %s()', (how) => {
  test.concurrent.each(MOMENTS)(
    'while %s ends by itself, and not by an uncaught error',
    { timeout: 2 * LIMIT_MS },
    async (moment) => {
      // A process that is kept open by something is killed here, which rejects.
      const { stdout, stderr } = await run(process.execPath, [SCRIPT, moment, how], {
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toBe(`${moment} ${how}: ${moment === 'failed' ? 'failed' : 'disconnected'}\n`);
      expect(stderr).toBe('');
    },
  );
});
