import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('process-exit.ts', import.meta.url));
/** Far longer than a process needs to end, even on a busy machine. */
const LIMIT_MS = 60_000;
const MOMENTS = [
  'disconnected',
  'restoring',
  'awaitingOwner',
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

describe.each(['disconnect', 'forceClose'])('a process that calls %s()', (how) => {
  test.concurrent.each(MOMENTS)(
    'in state %s exits without an uncaught error',
    { timeout: 2 * LIMIT_MS },
    async (moment) => {
      // If something keeps the process alive, it is killed, which rejects.
      const { stdout, stderr } = await run(process.execPath, [SCRIPT, moment, how], {
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toBe(`${moment} ${how}: ${moment === 'failed' ? 'failed' : 'disconnected'}\n`);
      expect(stderr).toBe('');
    },
  );
});
