/** The page of a recording in a real browser: the scrubber moves the chart and the log through time. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { lineOf, parseLine } from '../../src/recorder/format/index.ts';
import type { RecordingRecord } from '../../src/recorder/format/index.ts';
import { inspectRecording } from '../../src/recorder/inspect/recorded-inspector.ts';
import { chromiumPath, launchChromium } from '../kit/chromium.ts';
import { recordedShard, recordingDirectory } from '../recorder/kit/recorded-incident.ts';
import { headerOf, stateRecord } from '../recorder/kit/records.ts';
import { openChart } from './page/open-page.ts';
import type { OpenOptions } from './page/open-page.ts';

const PATH = chromiumPath();
const SCREENSHOTS = join(import.meta.dirname, '../../.cache/screenshots');

/** A shard that is cut, and later closed with 4008. */
async function openRecording(browser: Browser, options: OpenOptions = {}) {
  const directory = await recordingDirectory();
  const { clock, socket, recorder } = await recordedShard(directory);
  await clock.advanceAsync(60_000);
  socket().end(1006);
  await clock.advanceAsync(60_000);
  socket().end(4008);
  await clock.advanceAsync(120_000);
  await recorder.close();
  const inspector = await inspectRecording({ path: directory, port: 0, now: Date.UTC(2030, 0) });
  onTestFinished(() => inspector[Symbol.asyncDispose]());
  const opened = await openChart(browser, inspector, options);
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return { opened, span: inspector.span };
}

describe.skipIf(PATH === null)('the page of a recording', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(PATH ?? '');
  });
  afterAll(() => browser.close());

  test('the keys [ and ] go from incident to incident, with chart, log and words of that time', async () => {
    const { opened } = await openRecording(browser);
    const { page } = opened;
    await opened.waitForText('#link', 'recording');
    await opened.waitForText('#scrubber-incident', '2 incidents');
    await opened.waitForText('#details-state', 'ready');

    await page.keyboard.press('[');
    await opened.waitForText('#scrubber-incident', '#2 closed with 4008');
    await page.keyboard.press('[');
    await opened.waitForText('#scrubber-incident', '#1 the connection was cut');
    await opened.waitForText('#scrubber-incident', 'Nothing was lost.');
    await opened.waitForText('#details-state', 'reconnecting');
    await page.locator('g.state.leaf[data-state^="shard.reconnecting"]').first().waitFor();
    expect((await opened.rows()).join('\n')).not.toContain('4008');
    await page.keyboard.press(']');
    await opened.waitForText('#scrubber-incident', '#2 closed with 4008');
    await page.locator('.row', { hasText: '4008' }).first().waitFor();
    await page.locator('.row', { hasText: 'RATE_LIMITED' }).click();
    await opened.waitForText('#entry-text', 'Report this as a bug of shardwright');
    expect(opened.consoleErrors).toEqual([]);
  });

  test('an incident that begins within a ms shows what had changed then', async () => {
    const path = join(await recordingDirectory(), 'part.ndjson');
    const ready = [{ shard: 0, shardCount: 1, state: 'ready', active: null, worker: null }];
    const loss = { code: 1006, reason: 'cut', initiator: 'transport', willReconnect: true, willResume: true } as const;
    const records: RecordingRecord[] = [
      headerOf({ at: 0, run: 'a', shards: ready }),
      { kind: 'disconnected', at: 60_000.3, shard: 0, ...loss },
      stateRecord(60_000.4, 'ready', 'reconnecting'),
      stateRecord(61_000.4, 'reconnecting', 'ready'),
      { kind: 'resumed', at: 61_000.4, shard: 0, replayed: 0 },
      { kind: 'heartbeat', at: 100_000, shard: 0, latencyMs: 20 },
    ];
    await writeFile(path, records.map(lineOf).join(''));
    await using inspector = await inspectRecording({ path, port: 0, now: 0 });
    await using opened = await openChart(browser, inspector);
    await opened.page.keyboard.press('[');
    await opened.waitForText('#details-state', 'reconnecting');
    expect(opened.consoleErrors).toEqual([]);
  });

  test('the slider moves with the arrow keys, and says its time', async () => {
    const { opened, span } = await openRecording(browser);
    const { page } = opened;
    const slider = page.locator('#scrubber-slider');
    await slider.focus();
    await page.keyboard.press('Home');
    await opened.waitForText('#scrubber-time', 'under 1 s of');
    expect(await slider.inputValue()).toBe('0');
    await page.keyboard.press('PageUp');
    const step = Math.round((span.to - span.from) / 20);
    // Not waitForFunction(): it evaluates text in the page, which its Content-Security-Policy forbids.
    await expect.poll(async () => Math.abs(Number(await slider.inputValue()) - step)).toBeLessThanOrEqual(1);
    await opened.waitForText('#details-state', 'ready');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/\d\d:\d\d:\d\d\.\d{3}$/);
  });

  test('a stretch between two marks is saved as a recording', async () => {
    const { opened, span } = await openRecording(browser);
    const { page } = opened;
    await page.keyboard.press('[');
    await opened.waitForText('#scrubber-incident', '#2 closed');
    await page.click('#stretch-from');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#stretch-save')]);
    expect(download.suggestedFilename()).toMatch(/^shardwright-.*\.ndjson$/);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n').map(parseLine);
    const [header, ...others] = lines.filter((line) => typeof line !== 'string');
    expect(lines.every((line) => typeof line !== 'string')).toBe(true);
    expect(header?.kind).toBe('header');
    const closes = others.filter(({ kind }) => kind === 'disconnected');
    expect(closes.every(({ at }) => at >= span.incidents[1]!.startAt)).toBe(true);
    expect(closes).not.toEqual([]);
  });

  test.each([
    { name: 'recording', width: 1_366, height: 900 },
    { name: 'recording-narrow', width: 360, height: 780 },
  ])('takes a screenshot: $name', async ({ name, width, height }) => {
    const { opened } = await openRecording(browser, { width, height });
    await opened.page.keyboard.press('[');
    await opened.waitForText('#scrubber-incident', '#2');
    await opened.waitForText('#details-state', 'reconnecting');
    await opened.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: width === 360 });
    expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(opened.consoleErrors).toEqual([]);
    await opened.page.evaluate(
      await readFile(join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8'),
    );
    const { violations } = await opened.page.evaluate<{ violations: { id: string; impact: string }[] }>('axe.run()');
    expect(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id),
    ).toEqual([]);
  });
});
