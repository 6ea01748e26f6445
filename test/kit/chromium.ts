/** A headless Chromium for tests in a browser. */
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';

/** Without network traffic of its own, and without a desktop. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Returns the path of Chromium, or `null` with a notice if there is none. Throws when `CI` is `true`. */
export function chromiumPath(): string | null {
  const path = findChromium();
  if (path !== null) return path;
  if (process.env['CI'] === 'true')
    throw new Error('tests in a browser need Chromium: install it, or set CHROME to its path');
  process.stderr.write(
    '\nNOTICE: no Chromium found, so the tests in a browser are skipped. Install it, or set CHROME to its path.\n\n',
  );
  return null;
}

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: FLAGS, headless: true });
