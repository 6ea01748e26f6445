/** The story of the demo: a start, a rolling deploy, a crash, a freeze, and an engine that is away. */
import { formatCount, formatMs, formatNumber } from '../../../inspect/page/model/format.ts';
import type { ClusterDemo } from './cluster-demo.ts';
import type { NodeRow } from './cluster-state.ts';

/** Returns how long something takes. */
async function timed(run: () => Promise<void>): Promise<string> {
  const startedAt = performance.now();
  await run();
  return formatMs(performance.now() - startedAt);
}

/** A node that runs: the one with the most shards. @throws Error if no node runs */
function busiest({ state }: ClusterDemo): NodeRow {
  const [row] = state.rows
    .filter(({ condition }) => condition === 'running')
    .toSorted((a, b) => b.shards.size - a.shards.size);
  if (row === undefined) throw new Error('no node runs');
  return row;
}

/** Resolves when every shard has identified. */
export async function startFirstNode(demo: ClusterDemo): Promise<void> {
  const { state, options } = demo;
  const { world, gateway, output, shards } = options;
  output.paragraph();
  output.log('step', 'the start: one node, then the others');
  demo.say(
    `node-1 starts alone. It waits 5 s: ${world.engineName} is empty, so another process may have identified a moment ago`,
  );
  await demo.startNode();
  await demo.expect('every shard is ready', () => state.isServed);
  demo.say(
    `node-1 has all ${formatCount(shards, 'shard')}, after ${formatCount(gateway.stats.identifies, 'IDENTIFY', 'IDENTIFYs')}. ` +
      'Discord allows most bots 1,000 of them a day. From now on there should be no other',
  );
}

export async function startOtherNodes(demo: ClusterDemo, nodes: number): Promise<void> {
  if (nodes === 1) return;
  await demo.step(
    `${formatCount(nodes - 1, 'more node joins', 'more nodes join')}, and each takes its share`,
    async () => {
      demo.say(
        'a shard moves by RESUME: its next node goes on with its session, and Discord sends what came in between',
      );
      for (let count = 1; count < nodes; count += 1) await demo.startNode();
    },
  );
}

export const rollingDeploy = (demo: ClusterDemo): Promise<void> =>
  demo.step('a rolling deploy: a new version replaces one node after another', async () => {
    const { state, options } = demo;
    demo.say(
      options.world.nodeKind === 'process'
        ? 'each time a new process starts first; then the old one gets SIGTERM, hands its shards over, and ends'
        : 'each time a new manager starts first; then the old one hands its shards over, and ends',
    );
    for (const old of state.rows.filter(({ condition }) => condition === 'running')) {
      const next = await demo.startNode();
      const count = old.shards.size;
      const took = await timed(async () => {
        await demo.stopNode(old);
        await demo.expect('every shard is ready again', () => state.isServed);
      });
      demo.say(`${next.name} is there; ${old.name} has handed over ${formatCount(count, 'shard')} in ${took}`);
    }
  });

export async function crash(demo: ClusterDemo): Promise<void> {
  const { state, options } = demo;
  const victim = busiest(demo);
  const { pace, world } = options;
  const how = world.nodeKind === 'process' ? 'kill -9' : 'all its connections end at once';
  await demo.step(`a crash: ${victim.name} ends without a word (${how})`, async () => {
    const count = victim.shards.size;
    demo.say(
      `the others can't know yet. A node renews its right to its shards all the time. Without that the right ends after ` +
        `${formatMs(pace.leaseTtlMs)}, and others may take them`,
    );
    const took = await timed(async () => {
      await demo.killNode(victim);
      await demo.expect('the other nodes have its shards', () => state.isServed);
    });
    demo.say(`the others have its ${formatCount(count, 'shard')} after ${took}, by RESUME. A new node starts`);
    state.remove(victim);
    await demo.startNode();
  });
}

export async function freeze(demo: ClusterDemo): Promise<void> {
  const { state, options } = demo;
  const { pace, world } = options;
  const victim = busiest(demo);
  if (victim.node.freeze === null) {
    options.output.paragraph();
    demo.say(`left out: a frozen node. That needs nodes that are processes, on Redis`);
    return;
  }
  await demo.step(`a freeze: ${victim.name} stands still (SIGSTOP), and does not know it`, async () => {
    const count = victim.shards.size;
    demo.say(
      `for ${world.engineName} that looks like a crash: the others take its shards. The danger is when it wakes`,
    );
    const frozenAt = performance.now();
    demo.freezeNode(victim);
    await demo.expect('the other nodes have its shards', () => state.isServed);
    demo.showTable();
    await demo.rest(Math.max(0, frozenAt + pace.freezeMs - performance.now()));
    demo.say(
      `${victim.name} goes on (SIGCONT). It sees that it slept, and acts on nothing before it has asked who has its shards`,
    );
    demo.thawNode(victim);
    await demo.expect('the node that slept has given up what others have', () => state.isBalanced);
    demo.say(`it gave up ${formatCount(count, 'shard')}, then took its share again as any node does`);
  });
}

export const cutOff = (demo: ClusterDemo): Promise<void> => {
  const { state, options } = demo;
  const { world, pace, counts } = options;
  const name = world.engineName;
  return demo.step(`${name} is away: nothing reaches it for ${formatMs(pace.cutMs)}`, async () => {
    demo.say(
      'the shards stay connected: an engine that is away is no reason to drop them. What arrives waits in the nodes',
    );
    const sentBefore = counts.totals.sent;
    world.cut();
    await demo.rest(pace.cutMs);
    const waiting = formatNumber(counts.totals.sent - sentBefore);
    const ready = state.rows.reduce((sum, { shards }) => sum + [...shards.values()].filter(Boolean).length, 0);
    world.mend();
    demo.say(
      `${name} is back. ${formatNumber(ready)} of ${formatCount(state.total, 'shard')} stayed connected; ${waiting} dispatches came meanwhile`,
    );
  });
};
