/** A headless Chromium for tests of what runs in a browser. */
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';

/** Nothing of its own on the network, and no need of a desktop. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `null` where there is none; where `CI` is `true` that is a failure, anywhere else a notice. */
export function chromiumPath(): string | null {
  const path = findChromium();
  if (path !== null) return path;
  if (process.env['CI'] === 'true')
    throw new Error('tests in a browser need Chromium: install it, or set CHROME to its path');
  process.stderr.write(
    '\nNOTICE: no Chromium found, so tests in a browser are left out. Install it, or set CHROME to its path.\n\n',
  );
  return null;
}

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: FLAGS, headless: true });
