/**
 * Finds Chromium for the tests of the inspector's page. Without Chromium, root on Debian installs it with apt. On any
 * other machine those tests are skipped, with a notice.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { run } from './run.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

/** Returns the path of Chromium: `CHROME` if it is set, otherwise the first one on the PATH. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = environment['CHROME'];
  if (chosen !== undefined && chosen !== '') return existsSync(chosen) ? chosen : null;
  const directories = [...(environment['PATH'] ?? '').split(delimiter), '/usr/bin'];
  return (
    directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find((path) => existsSync(path)) ??
    null
  );
}

const mayInstall = (): boolean => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** Finds or installs Chromium, and logs the result. @throws when `CI` is `true` and there is no Chromium */
export async function ensureChromium(): Promise<void> {
  let path = findChromium();
  if (path === null && mayInstall()) {
    console.log('there is no Chromium; installing it with apt-get');
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await promisify(execFile)('apt-get', ['update'], { env: environment });
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { capture: true });
    path = findChromium();
  }
  if (path !== null) console.log(`Chromium: ${path}`);
  else if (process.env['CI'] === 'true')
    throw new Error('the tests of the inspector need Chromium: install it, or set CHROME to its path');
  else
    console.log(
      'NOTICE: without Chromium, the browser tests of the inspector are skipped. Install it, or set CHROME to its path.',
    );
}
