/** The inspector's page in a real browser. A feed sends it the messages. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { chromiumPath, launchChromium } from '../kit/chromium.ts';
import { findViolations } from './page/axe.ts';
import { PageFeed } from './page/page-feed.ts';
import { openChart } from './page/open-page.ts';
import type { OpenPage } from './page/open-page.ts';
import { fillShards, fillHistory } from './page/sample-history.ts';
import { HEARTBEAT, CONNECT, RESUME, ZOMBIE, sendStep } from './page/chart-steps.ts';
import type { ChartStep } from './page/chart-steps.ts';

const PATH = chromiumPath();
const SCREENSHOTS = join(import.meta.dirname, '../../.cache/screenshots');

const VIEWS = [
  { name: 'light', shards: 64, key: '12', colorScheme: 'light' },
  { name: 'dark', shards: 64, key: '12', colorScheme: 'dark' },
  { name: 'narrow', shards: 64, key: '7', width: 360, height: 780 },
  { name: 'middle', shards: 64, key: '12', width: 800, height: 1_000 },
  { name: 'thousand', shards: 1_000, key: '12' },
  { name: 'one', shards: 1, key: '0' },
] as const;

/** Resolves with the times between a hundred frames, sorted. */
const FRAMES = `new Promise((resolve) => {
  const times = [];
  const next = (at) => {
    times.push(at);
    if (times.length > 100) resolve(times.slice(1).map((time, index) => time - times[index]).toSorted((a, b) => a - b));
    else requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})`;

/** Sends a step and waits until the chart shows it. */
const sendAndWait = async ({ page }: OpenPage, feed: PageFeed, step: ChartStep): Promise<void> => {
  sendStep(feed, '0', step);
  await page.locator(`g.transition.last[data-transition="${step.taken.at(-1)}"]`).waitFor();
};

describe.skipIf(PATH === null)('the page of the inspector', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(PATH ?? '');
  });
  afterAll(() => browser.close());

  test('the chart highlights states and edges as a shard connects, becomes a zombie and resumes', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed);
    expect(await opened.activeLeaves()).toEqual(['shard.disconnected']);

    for (const step of [...CONNECT, ...HEARTBEAT, ...ZOMBIE, ...RESUME]) {
      sendStep(feed, '0', step);
      await opened.page.locator(`g.edge.glow > g.transition.last[data-transition="${step.taken.at(-1)}"]`).waitFor();
      expect({ last: new Set(await opened.lastTransitions()), leaves: new Set(await opened.activeLeaves()) }).toEqual({
        last: new Set(step.taken),
        leaves: new Set(step.active),
      });
    }
    await opened.waitForText('#details-state', 'ready');
    await opened.page.locator('g.edge.glow').first().waitFor({ state: 'detached' });
    expect(opened.consoleErrors).toEqual([]);
  });

  test('with reduced motion, the last transition is marked and nothing is animated', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed, { reducedMotion: 'reduce' });
    await sendAndWait(opened, feed, CONNECT[0]!);
    expect(await opened.page.locator('g.edge.glow').count()).toBe(0);
    expect(await opened.page.evaluate('document.getAnimations().length')).toBe(0);
    expect(await opened.lastTransitions()).toEqual(CONNECT[0]!.taken);
  });

  test('the log filters by words, by kind and by shard', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    feed.addEntry('0', 'state', 'disconnected → connecting');
    feed.addEntry('1', 'closed', '4000 unknown error (gateway); will resume');
    feed.addEntry('0', 'notice', '12 payloads wait 800 ms for the send limit');
    feed.addEntry('1', 'notice', 'a heartbeat was 90 ms late: this process was busy');
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    await opened.waitForText('#log-count', '4 entries');
    expect(await opened.rows()).toEqual([
      'state: disconnected → connecting',
      'closed: 4000 unknown error (gateway); will resume',
      'notice: 12 payloads wait 800 ms for the send limit',
      'notice: a heartbeat was 90 ms late: this process was busy',
    ]);

    await page.keyboard.press('/');
    await page.keyboard.type('gateway RESUME');
    await opened.waitForText('#log-count', '1 of 4 entries');
    expect(await opened.rows()).toEqual(['closed: 4000 unknown error (gateway); will resume']);
    await page.fill('#log-filter', '');

    await page.click('#log-kinds [data-kind="closed"]');
    await opened.waitForText('#log-count', '3 of 4 entries');
    await page.click('#log-kinds [data-kind="closed"]');

    await page.check('#log-selected-only');
    await opened.waitForText('#log-count', '2 of 4 entries');
    expect(await opened.rows()).toEqual([
      'state: disconnected → connecting',
      'notice: 12 payloads wait 800 ms for the send limit',
    ]);
  });

  test('a paused log keeps collecting and shows how many entries are new', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    feed.sendBatch({ log: [feed.addEntry('0', 'notice', 'seen')] });
    await opened.waitForText('#log-count', '1 entry');

    await page.keyboard.press('Space');
    await opened.waitForText('#link', 'paused');
    feed.sendBatch({ log: [feed.addEntry('0', 'notice', 'first'), feed.addEntry('0', 'notice', 'second')] });
    await opened.waitForText('#log-newer', '2 new entries');
    expect(await opened.rows()).toEqual(['notice: seen']);

    await page.keyboard.press('Space');
    await opened.waitForText('#link', 'live');
    expect(await opened.rows()).toEqual(['notice: seen', 'notice: first', 'notice: second']);
  });

  test('a chosen entry freezes the chart at its moment, and Escape returns to live', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    for (const step of [...CONNECT, ...ZOMBIE]) await sendAndWait(opened, feed, step);

    await page.locator('.row', { hasText: 'gateway.hello' }).click();
    await opened.waitForText('#bar', 'Frozen at');
    await opened.waitForText('#link', 'frozen');
    expect(new Set(await opened.activeLeaves())).toEqual(new Set(CONNECT[3]!.active));
    expect(new Set(await opened.lastTransitions())).toEqual(new Set(CONNECT[3]!.taken));

    // A step meanwhile does not change the frozen chart.
    sendStep(feed, '0', RESUME[0]!);
    await opened.waitForText('#details-state', 'connecting');
    expect(new Set(await opened.activeLeaves())).toEqual(new Set(CONNECT[3]!.active));

    await page.keyboard.press('Escape');
    await page.locator('#bar').waitFor({ state: 'hidden' });
    await page.locator('g.state.leaf[data-state="shard.online.session.connecting.opening"]').waitFor();
    expect(new Set(await opened.activeLeaves())).toEqual(new Set(RESUME[0]!.active));
  });

  test('an exported recording opens again, without a server', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    for (const step of [...CONNECT, ...HEARTBEAT]) await sendAndWait(opened, feed, step);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#log-export')]);
    const file = await download.path();
    const recording = JSON.parse(await readFile(file, 'utf8')) as {
      log: unknown[];
      shards: unknown[];
      details: unknown[];
    };
    expect({ log: recording.log, shards: recording.shards }).toEqual({
      log: feed.log,
      shards: [...feed.shards.values()],
    });

    await feed.close();
    await opened.waitForText('#link', 'disconnected, retrying');
    await page.setInputFiles('#log-file', file);
    await opened.waitForText('#link', 'imported');
    await opened.waitForText('#bar', 'A recording of shardwright 0.1.0');
    expect(new Set(await opened.activeLeaves())).toEqual(new Set(HEARTBEAT[1]!.active));
    const rows = await opened.rows();
    expect(rows).toEqual(
      (recording.log as { kind: string; text: string }[]).map(({ kind, text }) => `${kind}: ${text}`),
    );

    await page.locator('.row', { hasText: 'identify.granted' }).click();
    await opened.waitForText('#bar', 'identify.granted');
    expect(new Set(await opened.activeLeaves())).toEqual(new Set(CONNECT[4]!.active));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await opened.waitForText('#link', 'disconnected, retrying');
  });

  test('a file that is not a recording shows an error, and the page stays live', async () => {
    await using feed = await PageFeed.listen({ shards: 1 });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    await page.setInputFiles('#log-file', {
      name: 'photo.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"holiday":true}'),
    });
    await opened.waitForText('#alert', 'not a recording of the inspector');
    expect(await page.locator('#link').textContent()).toBe('live');
  });

  test('the page reconnects when the inspector is back', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    await using opened = await openChart(browser, feed);
    await feed.close();
    await opened.waitForText('#link', 'disconnected, retrying');
    feed.setShard('0', { state: 'ready' });
    await feed.open();
    await opened.waitForText('#link', 'live');
    await opened.page.locator('g.state.leaf[data-state="shard.online.session.ready"]').waitFor();
    expect(feed.selected).toBe('0');
  });

  test('the page selects another shard when the selected one is removed', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    await using opened = await openChart(browser, feed);
    await opened.waitForText('#details-title', 'Shard 0');
    feed.sendBatch({ removed: ['0'] });
    await feed.waitForSelection('1');
    await opened.waitForText('#details-title', 'Shard 1');
    expect(opened.consoleErrors).toEqual([]);
  });

  test('the page shows a manager above its shards, with its state, its chart and a resharding', async () => {
    await using feed = await PageFeed.listen({ shards: 4 });
    const manager = {
      key: 'manager',
      state: 'running',
      since: feed.now,
      total: 4,
      ready: 4,
      shards: 4,
      resharding: null,
    } as const;
    feed.managers.set('manager', manager);
    feed.details.set('manager', {
      key: 'manager',
      chart: 'manager',
      active: ['manager.active', 'manager.active.running'],
      states: [],
      marks: [],
      heartbeats: [],
    });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    await opened.waitForText('#managers button', 'managerrunning4 of 4 ready');
    await page.click('#managers button');
    await feed.waitForSelection('manager');
    await page.locator('g.state.leaf[data-state="manager.active.running"]').waitFor();
    await opened.waitForText('#details-title', 'Manager');
    expect(await page.locator('#shard-figures').isVisible()).toBe(false);

    const resharding = { ...manager, state: 'resharding', resharding: { total: 6, ready: 2 } } as const;
    const taken = ['manager.active.running on manager.reshard [0]'];
    const active = ['manager.active', 'manager.active.resharding', 'manager.active.resharding.checkingBudget'];
    feed.sendBatch({
      managers: [resharding],
      log: [feed.addEntry('manager', 'event', 'manager.reshard', { active, taken })],
    });
    await page.locator(`g.transition.last[data-transition="${taken[0]}"]`).waitFor();
    await opened.waitForText('#managers button', '4 of 4 ready, resharding: 2 of 6 ready');
    await opened.waitForText('#detail-resharding', '2 of 6 new shards ready');

    await page.locator('.row', { hasText: 'manager.reshard' }).click();
    await opened.waitForText('#bar', 'The chart shows the manager as it was then');
    await page.keyboard.press('Escape');
    await page.focus('#grid');
    await page.keyboard.press('Enter');
    await opened.waitForText('#details-title', 'Shard 0');
    await page.locator('g.state.leaf[data-state="shard.disconnected"]').waitFor();
    expect(opened.consoleErrors).toEqual([]);
  });

  test('the keyboard selects a shard, moves through the log, freezes, and opens the help', async () => {
    await using feed = await PageFeed.listen({ shards: 64 });
    feed.addEntry('9', 'state', 'connecting → identifying');
    feed.addEntry('9', 'state', 'identifying → ready');
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement.id');

    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('grid');
    for (let index = 0; index < 9; index += 1) await page.keyboard.press('ArrowRight');
    await opened.waitForText('#cell-announcement', 'Shard 9, disconnected');
    await page.keyboard.press('Enter');
    await feed.waitForSelection('9');
    await opened.waitForText('#details-title', 'Shard 9');

    await page.keyboard.press('l');
    expect(await focused()).toBe('log-list');
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.locator('#log-list[aria-activedescendant="entry-1"]').waitFor();
    await page.keyboard.press('Enter');
    await opened.waitForText('#bar', 'connecting → identifying');
    await page.keyboard.press('j');
    await opened.waitForText('#bar', 'identifying → ready');
    await page.keyboard.press('Escape');
    await page.locator('#bar').waitFor({ state: 'hidden' });

    await page.keyboard.press('?');
    await page.locator('#help').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#help').waitFor({ state: 'hidden' });
  });

  test('the page contacts only the inspector, and its policy blocks inline scripts', async () => {
    await using feed = await PageFeed.listen({ shards: 64 });
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    for (const step of [...CONNECT, ...HEARTBEAT]) await sendAndWait(opened, feed, step);
    expect(opened.hosts).toEqual(new Set([new URL(feed.url).host]));
    expect(opened.consoleErrors).toEqual([]);

    const violated = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.head.append(script);
    })`);
    expect(violated).toBe('script-src-elem');
    expect(await page.evaluate('globalThis.ran')).toBeUndefined();
  });

  test.each(['light', 'dark'] as const)(
    'axe finds no serious violation in %s: live, frozen and with the help open',
    async (colorScheme) => {
      await using feed = await PageFeed.listen({ shards: 64 });
      await using opened = await openChart(browser, feed, { colorScheme });
      const { page } = opened;
      for (const step of [...CONNECT, ...ZOMBIE]) await sendAndWait(opened, feed, step);
      feed.sendBatch({
        managers: [
          { key: 'manager', state: 'starting', since: feed.now, total: 64, ready: 12, shards: 64, resharding: null },
        ],
      });
      feed.sendBatch({
        log: [
          feed.addEntry('0', 'closed', '4000 unknown error'),
          feed.addEntry('0', 'fault', 'DECODE_FAILED: the frame is not JSON'),
        ],
      });
      expect(await findViolations(page)).toEqual([]);
      await page.locator('.row', { hasText: 'gateway.hello' }).click();
      await opened.waitForText('#bar', 'Frozen');
      expect(await findViolations(page)).toEqual([]);
      await page.keyboard.press('?');
      expect(await findViolations(page)).toEqual([]);
    },
  );

  test.each([1, 64, 1_000])('with %i shards, the page does not scroll sideways at 360 px', async (shards) => {
    await using feed = await PageFeed.listen({ shards });
    const resharding = { total: 2 * shards, ready: shards };
    feed.managers.set('manager', {
      key: 'manager',
      state: 'resharding',
      since: feed.now,
      total: shards,
      ready: shards,
      shards,
      resharding,
    });
    await using opened = await openChart(browser, feed, { width: 360, height: 780 });
    expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  // The frame times are printed and not asserted, since they depend on the machine.
  test('the page draws a thousand shards that change 20 times a second', async () => {
    await using feed = await PageFeed.listen({ shards: 1_000 });
    const random = new SeededRandom(1).next;
    fillShards(feed, random);
    await using opened = await openChart(browser, feed);
    const churn = setInterval(() => {
      feed.now += 50;
      fillShards(feed, random);
      feed.sendBatch({ shards: [...feed.shards.values()] });
    }, 50);
    try {
      const frames = await opened.page.evaluate<number[]>(FRAMES);
      const [middle, worst] = [frames[frames.length >> 1], frames.at(-1)].map((ms) => ms?.toFixed(1));
      process.stdout.write(
        `1,000 shards, all changed 20×/s: a frame every ${middle} ms (median), ${worst} ms (maximum); software rendering\n`,
      );
      expect(frames).toHaveLength(100);
    } finally {
      clearInterval(churn);
    }
    expect(opened.consoleErrors).toEqual([]);
  });

  test.each(VIEWS)('takes a screenshot: $name', async ({ name, shards, key, ...options }) => {
    await using feed = await PageFeed.listen({ shards, startsAt: Date.UTC(2026, 6, 4, 12) });
    const random = new SeededRandom(7).next;
    fillShards(feed, random);
    fillHistory(feed, key, random);
    await using opened = await openChart(browser, feed, options);
    const { page } = opened;
    await page.focus('#grid');
    for (let index = 0; index < Number(key); index += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.evaluate('document.activeElement.blur()');
    await page.locator('g.state.leaf[data-state="shard.online.heartbeat.beating.acknowledged"]').waitFor();
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: 'width' in options });
    expect(opened.consoleErrors).toEqual([]);
  });
});
