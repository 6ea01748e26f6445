/** What of the inspector's page can be seen at usual sizes of a window. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { chromiumPath, launchChromium } from '../kit/chromium.ts';
import { PageFeed } from './page/page-feed.ts';
import { openChart, openPage } from './page/open-page.ts';
import { fillHistory, fillShards } from './page/sample-history.ts';

const PATH = chromiumPath();
const SCREENSHOTS = join(import.meta.dirname, '../../.cache/screenshots');

const addManager = (feed: PageFeed, shards: number): void =>
  void feed.managers.set('manager', {
    key: 'manager',
    state: 'running',
    since: feed.now,
    total: shards,
    ready: shards,
    shards,
    resharding: null,
  });

/** How many px of the list of the log are in the window without scrolling. */
const logHeightIn = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const { top, bottom } = document.querySelector('#log-list').getBoundingClientRect();
    return Math.max(0, Math.min(bottom, innerHeight) - top);
  })()`);

describe.skipIf(PATH === null)("the layout of the inspector's page", { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(PATH ?? '');
  });
  afterAll(() => browser.close());

  test('without the chart, ten rows of the log are in the window with 64 shards, and a reload keeps it so', async () => {
    await using feed = await PageFeed.listen({ shards: 64, startsAt: Date.UTC(2026, 6, 4, 12) });
    addManager(feed, 64);
    const random = new SeededRandom(7).next;
    fillShards(feed, random);
    fillHistory(feed, '0', random);
    await using opened = await openChart(browser, feed, { width: 1_366, height: 900 });
    const { page } = opened;
    await page.click('#chart-hide');
    expect(await page.locator('#chart-viewport').isVisible()).toBe(false);
    // Not waitForFunction(): it evaluates text in the page, which its Content-Security-Policy forbids.
    await expect
      .poll(() => page.evaluate('document.querySelector("#columns").style.getPropertyValue("--columns-top")'))
      .not.toBe('');
    expect(await logHeightIn(page)).toBeGreaterThanOrEqual(240);
    await page.screenshot({ path: join(SCREENSHOTS, 'without-chart.png') });

    await page.reload();
    await page.locator('#chart-hide', { hasText: 'Show' }).waitFor();
    expect(await page.locator('#chart-viewport').isVisible()).toBe(false);
    await page.keyboard.press('c');
    expect(await page.locator('#chart-viewport').isVisible()).toBe(true);
    expect(opened.consoleErrors).toEqual([]);
  });

  test('Fit shows the whole chart, in both directions', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed, { width: 1_366, height: 900 });
    await opened.page.click('#chart-fit');
    expect(
      await opened.page.evaluate(`(() => {
        const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.querySelector('#chart-viewport');
        return { x: scrollWidth - clientWidth, y: scrollHeight - clientHeight };
      })()`),
    ).toEqual({ x: 0, y: 0 });
  });

  test('shards are in frames, one for each worker thread, and no frames-sent meter claims what is not known', async () => {
    await using feed = await PageFeed.listen({ shards: 64 });
    addManager(feed, 64);
    for (const key of feed.shards.keys()) feed.setShard(key, { state: 'ready', worker: Number(key) % 4 });
    await using opened = await openChart(browser, feed, { width: 1_366, height: 900 });
    const { page } = opened;
    expect(await page.locator('#cluster-nodes li').allTextContents()).toEqual(
      [0, 1, 2, 3].map((worker) => `worker ${worker}16 shards`),
    );
    expect(await page.locator('#cluster-nodes').getAttribute('aria-label')).toBe('Worker threads');
    expect(await page.locator('#shard-budget').isVisible()).toBe(false);
    await page.screenshot({ path: join(SCREENSHOTS, 'workers.png') });
    expect(opened.consoleErrors).toEqual([]);
  });

  test('dispatches a second are plotted over time: of the selected shard, or of all with the manager', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    addManager(feed, 2);
    await using opened = await openChart(browser, feed, { width: 1_366, height: 900 });
    const { page } = opened;
    for (const rate of [10, 30, 20]) {
      feed.now += 2_000;
      feed.sendBatch({ shards: ['0', '1'].map((key) => feed.setShard(key, { dispatchesPerSecond: rate })) });
    }
    const rates = page.locator('#rates');
    await page.locator('#rates-now', { hasText: '20/s' }).waitFor();
    expect(await rates.getAttribute('aria-label')).toBe('Dispatches a second: now 20/s, median 15/s, maximum 30/s');
    await page.locator('#managers button').click();
    await page.locator('#rates-now', { hasText: '40/s' }).waitFor();
    expect(await page.locator('#rates-whose').textContent()).toBe('all shards');
    expect(await page.locator('#timeline').isVisible()).toBe(false);
    await page.screenshot({ path: join(SCREENSHOTS, 'rates.png') });
  });

  test('one shard has one card, unless a manager is above it', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using alone = await openChart(browser, feed);
    expect(await alone.page.locator('#shards').isVisible()).toBe(false);
    addManager(feed, 1);
    await using managed = await openPage(browser, feed);
    await managed.page.locator('#managers button').waitFor();
    expect(await managed.page.locator('#shards').isVisible()).toBe(true);
  });

  test('at 360 px with a manager, most of a row of the log is its text', async () => {
    await using feed = await PageFeed.listen({ shards: 64 });
    addManager(feed, 64);
    feed.addEntry('7', 'closed', '4000 unknown error (gateway); will resume');
    await using opened = await openChart(browser, feed, { width: 360, height: 780 });
    const text = await opened.page.locator('.row .text').first().boundingBox();
    expect(text?.width).toBeGreaterThan(170);
    expect(await opened.page.locator('.row .of').first().isVisible()).toBe(true);
  });
});
