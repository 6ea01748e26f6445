/**
 * Finds Chromium for the tests of the inspector's page. Where there is none, and this is Debian and we are root, it is
 * installed with apt; anywhere else those tests are left out, and say so.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { run } from './run.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

/** The path of a Chromium on this machine: `CHROME` if set, else what is on the PATH. */
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

/** Looks, installs where it can, and says what came of it. @throws when `CI` is `true` and there is none in the end */
export async function ensureChromium(): Promise<void> {
  let path = findChromium();
  if (path === null && mayInstall()) {
    console.log('no Chromium here: installing it with apt-get');
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
      'NOTICE: no Chromium, so the tests of the inspector in a browser are left out. Install it, or set CHROME to its path.',
    );
}
