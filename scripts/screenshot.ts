/**
 * `npm run screenshot`: takes the picture of the inspector in README.md. Runs the demo, opens its inspector in a
 * headless Chromium, waits until the selected shard has been through a few faults, and writes docs/images/inspector.png.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchChromium } from '../test/kit/chromium.ts';
import { findChromium } from './chromium.ts';
import { ROOT } from './run.ts';

const FILE = join(ROOT, 'docs', 'images', 'inspector.png');
const SIZE = { width: 1_440, height: 960 };
const MAX_BYTES = 250_000;

/** With this seed, shard 22 loses its connection in five ways: killed, refused, zombie, op 9, and a corrupt frame. */
const DEMO = ['demo', '--shards', '24', '--seed', '7', '--forever'];
const SHARD = 22;
const LAST_FAULT = 'DECODE_FAILED';
const LAST_FAULT_TIMEOUT_MS = 120_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const startDemo = (port: number): ChildProcess =>
  spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join('src', 'cli', 'main.ts'), ...DEMO, '--inspect-port', String(port)],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
  );

async function open(page: Page, url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await page.goto(url);
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(200);
    }
  }
}

async function takePicture(page: Page, url: string): Promise<void> {
  await open(page, url);
  await page.locator('g.state.leaf').first().waitFor();
  await page.locator('#shards-title', { hasText: '24 shards' }).waitFor();
  await page.focus('#grid');
  for (let step = 0; step < SHARD; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.check('#log-selected-only');
  await page.evaluate('document.activeElement.blur()');
  await page.locator('.row', { hasText: LAST_FAULT }).waitFor({ timeout: LAST_FAULT_TIMEOUT_MS });
  await page.locator('#chart-where', { hasText: 'ready, acknowledged' }).waitFor();
  await page.screenshot({ path: FILE });
}

const path = findChromium();
if (path === null) throw new Error('the screenshot needs Chromium: install it, or set CHROME to its path');
const port = await freePort();
const demo = startDemo(port);
const browser = await launchChromium(path);
try {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
  await takePicture(page, `http://127.0.0.1:${port}/`);
  const { size } = await stat(FILE);
  console.log(`${FILE}: ${SIZE.width} × ${SIZE.height}, ${Math.round(size / 1_000)} kB`);
  if (size > MAX_BYTES) throw new Error(`the picture is larger than ${MAX_BYTES / 1_000} kB`);
} finally {
  await browser.close();
  demo.kill('SIGINT');
}
