import { describe, expect, test } from 'vitest';
import { balanceLines, holds } from '../../src/cli/demo/cluster/cluster-balance.ts';
import type { ClusterBalance } from '../../src/cli/demo/cluster/cluster-balance.ts';
import { ClusterState } from '../../src/cli/demo/cluster/cluster-state.ts';
import type { NodeRow } from '../../src/cli/demo/cluster/cluster-state.ts';
import { clusterTable } from '../../src/cli/demo/cluster/cluster-table.ts';
import { redisServerPath } from '../kit/redis-server.ts';
import type { CliResult } from './run-cli.ts';
import { runCli, startCli } from './run-cli.ts';

const LIMIT_MS = 240_000;

const stepsOf = ({ stdout }: CliResult): string[] =>
  [...stdout.matchAll(/▶ step {6}([^:\n]+)/g)].map(([, title = '']) => title);

/** Returns the numbers of the balance, by name. */
function balanceOf({ stdout }: CliResult): Record<string, number> {
  const lines = stdout.slice(stdout.indexOf('The balance of')).matchAll(/^ {2}(\S[\w ]*?) +([\d,]+)(?: |$)/gm);
  return Object.fromEntries([...lines].map(([, name = '', count = '']) => [name, Number(count.replaceAll(',', ''))]));
}

function expectBalance(finished: CliResult): void {
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(finished.stdout).not.toContain('✗');
  const { sent, ...balance } = balanceOf(finished);
  expect(sent).toBeGreaterThan(100);
  expect(balance).toMatchObject({ 'in the stream': sent, delivered: sent, lost: 0, twice: 0 });
  expect(finished.stdout).toMatch(/^ +0 {2}after it$/m);
  expect(finished.stdout).toContain('★ The balance holds: sent = in the stream = delivered. Exit code 0.\n');
}

describe('shardwright demo --nodes', () => {
  test.skipIf(redisServerPath() === null)(
    'shows a deploy, a crash, a freeze and an outage on Redis, and its balance holds',
    { timeout: LIMIT_MS },
    async () => {
      const finished = await runCli(['demo', '--nodes', '3', '--fast', '--seed', '7', '--inspect']);
      expectBalance(finished);
      expect(stepsOf(finished)).toEqual([
        'the start',
        '2 more nodes join, and each takes its share',
        'a rolling deploy',
        'a crash',
        'a freeze',
        'Redis is away',
      ]);
      expect(finished.stdout.match(/★ survived/g)).toHaveLength(5);
      expect(finished.stdout).toContain('frozen, and believes that it has');
      expect(finished.stdout).toMatch(/the inspector of node-1 is at http:\/\/127\.0\.0\.1:\d+\//);
      expect(finished.stdout).not.toContain('fake-token');
    },
  );

  test('without redis-server runs in one process, and says so', { timeout: LIMIT_MS }, async () => {
    const finished = await runCli(['demo', '--nodes', '2', '--fast', '--seed', '7'], { REDIS_SERVER: '/nonexistent' });
    expectBalance(finished);
    expect(finished.stdout).toContain(
      'there is no redis-server on the PATH, so all runs in this process: 2 managers and a consumer on the memory engine\n',
    );
    expect(finished.stdout).toContain('left out: a frozen node.');
  });

  test.skipIf(redisServerPath() === null)('ends all its processes with Ctrl-C', { timeout: LIMIT_MS }, async () => {
    const cli = startCli(['demo', '--nodes', '2', '--fast']);
    await cli.waitForOutput('a rolling deploy');
    cli.interrupt();
    // The processes share stderr with the demo, so it ends only with the last of them.
    const finished = await cli.finished;
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(finished.stdout).toContain('interrupted: closing, without a balance\n');
  });
});

describe('the balance of the demo', () => {
  const CLEAN: ClusterBalance = {
    sent: 10,
    stored: 10,
    repeated: 0,
    delivered: 10,
    duplicates: 0,
    firstIdentifies: 4,
    laterIdentifies: 0,
    resumes: 7,
    problems: [],
    durationMs: 1_000,
  };

  test('holds if all was stored and delivered once, without an IDENTIFY after the start', () => {
    expect(holds(CLEAN)).toBe(true);
  });

  test.each<Partial<ClusterBalance>>([
    { sent: 0, stored: 0, delivered: 0 },
    { stored: 9 },
    { repeated: 1 },
    { delivered: 9 },
    { duplicates: 1 },
    { laterIdentifies: 1 },
    { problems: ['node-1 joins'] },
  ])('does not hold with %j', (change) => {
    const balance = { ...CLEAN, ...change };
    expect(holds(balance)).toBe(false);
    expect(balanceLines(balance, (_style, text) => text)).toContain('  ✗ The balance does not hold. Exit code 1.');
  });
});

const row = (name: string, condition: NodeRow['condition'], shards: [number, boolean][]): NodeRow => ({
  name,
  condition,
  hasJoined: true,
  shards: new Map(shards),
  node: { stop: async () => undefined, kill: async () => undefined, freeze: null, thaw: () => undefined },
});

describe('the table of the demo', () => {
  test('shows what is ready, what connects, and what a frozen node believes', () => {
    const state = new ClusterState(3);
    state.add(
      row('node-1', 'running', [
        [0, true],
        [1, false],
      ]),
    );
    state.add(row('node-2', 'frozen', [[1, true]]));
    expect(clusterTable(state, (_style, text) => text)).toEqual([
      '',
      '  shard       0  1  2',
      '  node-1      ■  □  ·   2 shards',
      '  node-2      ·  ?  ·   frozen, and believes that it has 1 shard',
      '',
    ]);
    expect(clusterTable(state, (_style, text) => text, 30).map((line) => line.length)).toEqual([0, 21, 30, 30, 0]);
    expect({ isServed: state.isServed, isBalanced: state.isBalanced }).toEqual({ isServed: false, isBalanced: false });
  });

  test('knows when each shard is ready on one node that runs', () => {
    const state = new ClusterState(3);
    state.add(
      row('node-1', 'running', [
        [0, true],
        [2, true],
      ]),
    );
    const second = row('node-2', 'starting', [[1, true]]);
    state.add(second);
    expect(state.isServed).toBe(false);
    state.setCondition(second, 'running');
    expect({ isServed: state.isServed, isBalanced: state.isBalanced }).toEqual({ isServed: true, isBalanced: true });
    state.receive(second, { kind: 'claimed', shardId: 2 });
    expect(state.isBalanced).toBe(false);
    state.setCondition(second, 'killed');
    expect(state.isServed).toBe(false);
  });
});
