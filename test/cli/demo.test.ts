import { describe, expect, test } from 'vitest';
import { FAULTS } from '../../src/cli/demo/faults.ts';
import { PageSocket } from '../inspect/page-socket.ts';
import type { CliResult, RunningCli } from './run-cli.ts';
import { runCli, startCli } from './run-cli.ts';

const LIMIT_MS = 90_000;

/** Returns the lines that announce the faults, in order. */
const announced = ({ stdout }: CliResult): string[] => stdout.match(/\d+\/\d+ [^:]+: the gateway .*/g) ?? [];

/** Returns fault, outcome and number of dispatches of each row of the summary. */
const faultRows = ({ stdout }: CliResult): string[][] =>
  stdout
    .slice(stdout.indexOf('Summary'))
    .split('\n')
    .filter((line) => line.includes('×'))
    .map((line) => line.trim().split(/ {2,}/))
    .map((cells) => [cells[0] ?? '', cells[2] ?? '', cells[5] ?? '']);

const sessions = ({ stdout }: CliResult): string[] => stdout.match(/session \w+… started/g) ?? [];
const totals = ({ stdout }: CliResult): string[] => stdout.match(/[\d,]+ sent, [\d,]+ received|\d+ started/g) ?? [];

/** Opens the inspector of a demo, and selects its shard. */
async function openPage(cli: RunningCli): Promise<PageSocket> {
  const [, url = ''] = /the inspector is at (\S+)\n/.exec(await cli.waitForOutput('with 8 guilds')) ?? [];
  const page = await PageSocket.open(url);
  page.send({ type: 'select', shard: '0' });
  return page;
}

describe('shardwright demo', () => {
  test('shows every fault and loses nothing, and the same seed repeats the run', { timeout: LIMIT_MS }, async () => {
    const [first, second] = await Promise.all([
      runCli(['demo', '--fast', '--seed', '7']),
      runCli(['demo', '--fast', '--seed', '7']),
    ]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('0 lost, 0 received twice, 0 out of order');
    expect(Object.fromEntries(faultRows(first).map(([name, outcome]) => [name, outcome]))).toEqual(
      Object.fromEntries(FAULTS.map(({ name, expected }) => [name, expected])),
    );
    expect(first.stdout.match(/★ survived/g)).toHaveLength(FAULTS.length);

    expect(second.code).toBe(0);
    expect(announced(first)).toHaveLength(FAULTS.length);
    expect(announced(second)).toEqual(announced(first));
    expect(faultRows(second)).toEqual(faultRows(first));
    expect(sessions(second)).toEqual(sessions(first));
    expect(totals(second)).toEqual(totals(first));
  });

  test('receives the same dispatches while an inspector page watches', { timeout: LIMIT_MS }, async () => {
    const watched = startCli(['demo', '--fast', '--seed', '8', '--inspect']);
    const [unwatched, page] = await Promise.all([runCli(['demo', '--fast', '--seed', '8']), openPage(watched)]);
    const { code, stdout, stderr } = await watched.finished;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(faultRows({ code, stdout, stderr })).toEqual(faultRows(unwatched));
    expect(totals({ code, stdout, stderr })).toEqual(totals(unwatched));
    expect(page.log.filter(({ kind }) => kind === 'event').length).toBeGreaterThan(0);
  });

  test.each([
    ['http://bot:secret-word@127.0.0.1:9', 'your bot will connect through the proxy 127.0.0.1:9;'],
    ['ftp://bot:secret-word@127.0.0.1:9', 'your bot will not start: HTTPS_PROXY must be an http://'],
  ])('says what the proxy %s means for a bot, and needs none itself', { timeout: LIMIT_MS }, async (proxy, note) => {
    const cli = startCli(['demo'], { HTTPS_PROXY: proxy, NO_PROXY: '' });
    const stdout = await cli.waitForOutput('✓ ready');
    cli.interrupt();
    await cli.finished;
    expect(stdout).toContain(note);
    expect(stdout).toContain('; the gateway of the demo needs no proxy\n');
    expect(stdout).not.toContain('secret-word');
  });

  test('prints plain text into a pipe, and ends cleanly with Ctrl-C', { timeout: LIMIT_MS }, async () => {
    const cli = startCli(['demo', '--fast', '--forever']);
    await cli.waitForOutput('★ survived');
    cli.interrupt();
    const { code, stdout, stderr } = await cli.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('interrupted: closing');
    expect(stdout).toContain('0 lost, 0 received twice, 0 out of order');
    expect(stdout).not.toContain('\u001B');
  });

  test(
    'with many shards shows progress, faults some of them and loses nothing, and the same seed hits the same shards',
    { timeout: LIMIT_MS },
    async () => {
      const args = ['demo', '--fast', '--shards', '8', '--seed', '11'];
      const [first, second] = await Promise.all([runCli(args), runCli([...args, '--workers', '0'])]);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toContain('8 of 8 ready, 992 session starts left');
      expect(first.stdout).toContain('all 8 shards ready after');
      expect(first.stdout).toContain('0 lost, 0 received twice, 0 out of order');
      expect(first.stdout.match(/★ survived/g)).toHaveLength(FAULTS.length);
      expect(Object.fromEntries(faultRows(first).map(([name, outcome]) => [name, outcome]))).toEqual(
        Object.fromEntries(FAULTS.map(({ name, expected }) => [name, expected])),
      );
      expect(first.stdout).not.toContain('\u001B');
      expect(announced(second)).toEqual(announced(first));
      expect(totals(second)).toEqual(totals(first));
    },
  );

  test('with many shards runs them in worker threads', { timeout: LIMIT_MS }, async () => {
    const cli = startCli(['demo', '--fast', '--shards', '4', '--workers', '2', '--forever']);
    await cli.waitForOutput('4 shards in 2 worker threads');
    await cli.waitForOutput('★ survived');
    cli.interrupt();
    const { code, stdout, stderr } = await cli.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('0 lost, 0 received twice, 0 out of order');
  });

  test('with many shards serves the inspector and shardwright status', { timeout: LIMIT_MS }, async () => {
    const cli = startCli(['demo', '--fast', '--shards', '6', '--forever', '--inspect']);
    const output = await cli.waitForOutput('all 6 shards ready');
    const [, page = ''] = /the inspector is at (\S+)\n/.exec(output) ?? [];
    const [, endpoint = ''] = /status --watch --url (\S+)\n/.exec(output) ?? [];
    const inspector = await PageSocket.open(page);
    const [welcome] = inspector.messages;
    if (welcome?.type !== 'welcome') throw new Error('the first message is not welcome');
    expect(welcome.managers).toMatchObject([{ key: 'manager', state: 'running', total: 6, shards: 6 }]);
    expect(welcome.shards.map(({ key }) => key)).toEqual(['0', '1', '2', '3', '4', '5']);
    const { stdout } = await runCli(['status', '--url', endpoint, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ status: { state: 'running', total: 6 } });
    inspector.socket.terminate();
    cli.interrupt();
    expect((await cli.finished).code).toBe(0);
  });
});
