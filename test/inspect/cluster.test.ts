/** What the inspector shows of a cluster: nodes with their shards, shards that move, and groups of consumers. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DispatchConsumer } from '../../src/index.ts';
import { createInspector } from '../../src/inspect/index.ts';
import type { ClusterSummary, ManagerSummary, NodeSummary } from '../../src/inspect/messages.ts';
import { findViolations } from './page/axe.ts';
import { chromiumPath, launchChromium } from '../kit/chromium.ts';
import { liveCluster } from '../kit/live-cluster.ts';
import { openChart } from './page/open-page.ts';
import type { OpenPage } from './page/open-page.ts';
import { PageFeed } from './page/page-feed.ts';
import { PageSocket } from './page-socket.ts';

const PATH = chromiumPath();

/** Returns the newest cluster that a page has received. */
function clusterOn(page: PageSocket): ClusterSummary | null | undefined {
  const managers = page.messages.flatMap((message) => (message.type === 'detail' ? [] : message.managers));
  return managers.findLast(({ cluster }) => cluster !== undefined)?.cluster;
}

const countsOn = (page: PageSocket): string[] =>
  (clusterOn(page)?.nodes ?? []).map(({ node, shards }) => `${node} ${shards.length}`);

const textsOn = (page: PageSocket): string[] => page.log.map(({ text }) => text);

describe('createInspector with a node of a cluster', { timeout: 60_000 }, () => {
  test('all nodes are shown with their shards, shards that move, and the end of the node', async () => {
    await using cluster = await liveCluster();
    await using inspector = await createInspector();
    const first = cluster.node('first', { inspect: inspector.inspect });
    const page = await PageSocket.open(inspector.url);
    await first.manager.connect();
    await page.until(() => countsOn(page).join() === 'first 4' && clusterOn(page)?.running.length === 4);
    expect(clusterOn(page)).toEqual({
      node: 'first',
      engine: 'memory',
      isReachable: true,
      nodes: [
        {
          node: 'first',
          joinedAt: expect.any(Number),
          shards: [0, 1, 2, 3],
          isDraining: false,
          isSelf: true,
          isAway: false,
          isStalled: false,
        },
      ],
      unowned: [],
      running: ['0', '1', '2', '3'],
      groups: [],
    });

    // Two nodes may have the same name.
    await cluster.node('first').manager.connect();
    await page.until(() => countsOn(page).join() === 'first 2,first 2');
    expect(clusterOn(page)?.nodes.map(({ isSelf }) => isSelf)).toEqual([true, false]);
    await page.until(() => textsOn(page).filter((text) => /^released shard \d: handoff$/.test(text)).length === 2);
    expect(textsOn(page)).toContain('the node first has joined');
    expect(textsOn(page).filter((text) => /^claimed shard \d$/.test(text))).toHaveLength(4);

    first.line.set({ isCut: true });
    await page.until(() => clusterOn(page)?.isReachable === false);
    first.line.set({ isCut: false });
    await page.until(() => clusterOn(page)?.isReachable === true);

    await first.manager.disconnect();
    await page.until(() => clusterOn(page) === null);
  });

  test('a batch has the cluster only when it has changed', async () => {
    await using cluster = await liveCluster();
    await using inspector = await createInspector();
    const { manager } = cluster.node('first', { inspect: inspector.inspect });
    await manager.connect();
    const page = await PageSocket.open(inspector.url);
    await page.until(() => countsOn(page).join() === 'first 4');
    const managers = (): ManagerSummary[] => page.batches.flatMap((batch) => batch.managers);
    await page.until(() => managers().length > 0);
    await manager.shards.get(1)?.disconnect();
    await page.until(() => managers().some(({ ready }) => ready === 3));
    const sent = managers().map((summary) => summary.cluster);
    expect(sent).toContain(undefined);
    const clusters = sent.filter((each) => each !== undefined);
    for (const [index, each] of clusters.entries()) expect(each).not.toEqual(clusters[index - 1]);
  });

  test('the groups of consumers are read while a page is open, and not otherwise', async () => {
    await using cluster = await liveCluster();
    await using inspector = await createInspector();
    let reads = 0;
    const { manager, line } = cluster.node('first', {
      publish: true,
      inspect: {
        next: () => undefined,
        attachManager: (inspected) =>
          inspector.inspect.attachManager?.(
            new Proxy(inspected, {
              get(target, name) {
                if (name === 'readGroups') reads += 1;
                const value: unknown = Reflect.get(target, name, target);
                return typeof value === 'function' ? (value.bind(target) as unknown) : value;
              },
            }),
          ),
      },
    });
    await manager.connect();
    const consumer = new DispatchConsumer({ engine: line, group: 'bot' });
    await consumer.start();
    expect(reads).toBe(0);
    const page = await PageSocket.open(inspector.url);
    await page.until(() => (clusterOn(page)?.groups.length ?? 0) > 0);
    expect(clusterOn(page)?.groups).toEqual([
      { group: 'bot', lag: expect.any(Number), pending: expect.any(Number), deadLetters: 0 },
    ]);
    expect(reads).toBe(1);
    await consumer.stop();
  });
});

const node = (name: string, shards: readonly number[], rest: Partial<NodeSummary> = {}): NodeSummary => ({
  node: name,
  joinedAt: 1_000,
  shards,
  isDraining: false,
  isSelf: name === 'a',
  isAway: false,
  ...rest,
});

/** A manager whose node `a` runs the shards of the feed. */
function managerOf(feed: PageFeed, nodes: readonly NodeSummary[], rest: Partial<ClusterSummary> = {}): ManagerSummary {
  const cluster = { node: 'a', engine: 'redis', isReachable: true, nodes, unowned: [], groups: [] };
  return {
    key: 'manager',
    state: 'running',
    since: feed.now,
    total: 4,
    ready: feed.shards.size,
    shards: feed.shards.size,
    resharding: null,
    cluster: { ...cluster, running: [...feed.shards.keys()], ...rest },
  };
}

const groupsOn = ({ page }: OpenPage): Promise<string[]> => page.locator('#cluster-nodes li').allTextContents();

describe.skipIf(PATH === null)('the page of a node', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(PATH ?? '');
  });
  afterAll(() => browser.close());

  test('the grid has a group for each node and one for shards that no node holds', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    const groups = [{ group: 'bot', lag: 1_200, pending: 3, deadLetters: 1 }];
    feed.managers.set(
      'manager',
      managerOf(feed, [node('a', [0, 1]), node('<b>', [3], { isDraining: true })], { unowned: [2], groups }),
    );
    await using opened = await openChart(browser, feed);
    await expect
      .poll(() => groupsOn(opened))
      .toEqual(['a2 shards · this node', '<b>1 shard · draining', 'on no node1 shard']);
    await opened.waitForText('#cluster-engine', 'redis is reachable, 2 nodes');
    await opened.waitForText('#cluster-groups', 'bot 1,200 not delivered, 3 not acknowledged, 1 dead letter');

    feed.sendBatch({
      managers: [
        managerOf(feed, [node('a', [0, 1]), node('<b>', [2], { isAway: true })], { isReachable: false, unowned: [3] }),
      ],
    });
    await expect
      .poll(() => groupsOn(opened))
      .toEqual(['a2 shards · this node', '<b>1 shard · away', 'on no node1 shard']);
    await opened.waitForText('#cluster-engine', 'redis is not reachable: the nodes are shown as they were seen last');
    expect(await opened.page.locator('#cluster-groups').isHidden()).toBe(true);

    feed.sendBatch({ managers: [{ ...managerOf(feed, []), cluster: null }] });
    await opened.page.locator('#cluster-nodes').waitFor({ state: 'hidden' });
    await opened.page.locator('#cluster').waitFor({ state: 'hidden' });
    expect(opened.consoleErrors).toEqual([]);
  });

  test('the keyboard leads through the groups, follows a shard that moves, and selects only shards of this node', async () => {
    await using feed = await PageFeed.listen({ shards: 2 });
    feed.managers.set('manager', managerOf(feed, [node('a', [0, 1]), node('b', [3])], { unowned: [2] }));
    await using opened = await openChart(browser, feed);
    const { page } = opened;
    await page.keyboard.press('g');
    await opened.waitForText('#cell-announcement', 'Shard 0, disconnected, on a');
    await page.keyboard.press('End');
    await opened.waitForText('#cell-announcement', 'Shard 2, on no node');
    await page.keyboard.press('ArrowLeft');
    await opened.waitForText(
      '#cell-description',
      'Shard 3  ·  on b  ·  only the inspector of that node knows its state',
    );
    await page.keyboard.press('Enter');
    await opened.waitForText('#details-title', 'Shard 0');

    feed.setShard('3', { state: 'ready' });
    feed.sendBatch({
      managers: [managerOf(feed, [node('a', [0, 1, 3]), node('b', [2])])],
      shards: [...feed.shards.values()],
    });
    await opened.waitForText('#cell-description', 'Shard 3 of 1  ·  on a  ·  ready');
    await page.keyboard.press('Enter');
    await opened.waitForText('#details-title', 'Shard 3');
    expect(opened.consoleErrors).toEqual([]);
  });

  test.each([
    ['light', 1_366],
    ['dark', 360],
  ] as const)(
    'axe finds no serious violation in %s at %i px, which does not scroll sideways',
    async (colorScheme, width) => {
      await using feed = await PageFeed.listen({ shards: 5 });
      const nodes = [
        node('a', [0, 1, 2, 3, 4]),
        node('a-name-as-long-as-that-of-a-pod-6f7c9d-x2x8q-in-a-namespace', [5, 6], { isDraining: true }),
        node('c', [7, 8], { isAway: true }),
      ];
      const groups = [{ group: 'bot', lag: 12, pending: 0, deadLetters: 2 }];
      feed.managers.set('manager', managerOf(feed, nodes, { unowned: [9], groups, isReachable: width !== 360 }));
      await using opened = await openChart(browser, feed, { colorScheme, width });
      await expect.poll(() => groupsOn(opened)).toHaveLength(4);
      expect(await findViolations(opened.page)).toEqual([]);
      expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    },
  );
});
