import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Story } from '../../src/recorder/explain/story.ts';
import { recordedShard, recordingDirectory } from '../recorder/kit/recorded-incident.ts';
import { runCli } from './run-cli.ts';

/** A recording with two incidents: a cut, and a close with 4008. */
async function recording(): Promise<string> {
  const directory = await recordingDirectory();
  const kit = await recordedShard(directory);
  await kit.clock.advanceAsync(60_000);
  kit.socket().end(1006);
  await kit.clock.advanceAsync(60_000);
  kit.socket().end(4008);
  await kit.clock.advanceAsync(120_000);
  await kit.recorder.close();
  return directory;
}

describe('shardwright explain', () => {
  test('prints a summary, and each incident with what to do', async () => {
    const { code, stdout, stderr } = await runCli(['explain', await recording()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('1 process, 1 shard');
    expect(stdout).toMatch(/^ {2}lost {12}nothing was lost$/m);
    expect(stdout).toMatch(/^ {2}#1 {2}.* the connection was cut \(shard 0, offline for /m);
    expect(stdout).toMatch(/^ {2}#2 {2}.* closed with 4008: too many frames/m);
    expect(stdout.match(/What to do/g)).toHaveLength(2);
  });

  test('prints one incident with the way through the chart', async () => {
    const { code, stdout } = await runCli(['explain', await recording(), '--incident', '2']);
    expect(code).toBe(0);
    expect(stdout).toContain('closed by gateway, code 4008: rate limited; will resume');
    expect(stdout).toContain('chart: socket.closed takes ');
    expect(stdout).toContain('→ sent op 6');
    expect(stdout).not.toContain('#1');
  });

  test('prints JSON, and takes a file', async () => {
    const directory = await recording();
    const { stdout } = await runCli(['explain', directory, '--json', '--shard', '0']);
    const story = JSON.parse(stdout) as Story;
    expect(story.incidents.map(({ number, cause }) => `${number} ${cause}`)).toEqual([
      '1 connectionCut',
      '2 rateLimited',
    ]);
    expect(story.summary).toMatchObject({ resumes: 2, missing: 0, identifies: { 'the start of a process': 1 } });
  });

  test('leaves out incidents of other shards, and those before --since', async () => {
    const directory = await recording();
    const ofShard = await runCli(['explain', directory, '--json', '--shard', '7']);
    expect((JSON.parse(ofShard.stdout) as Story).incidents).toEqual([]);
    const since = await runCli(['explain', directory, '--json', '--since', '2026-01-01T00:01:30Z']);
    expect((JSON.parse(since.stdout) as Story).incidents.map(({ number }) => number)).toEqual([2]);
  });

  test('says what could not be read, and reads the rest', async () => {
    const directory = await recording();
    await writeFile(join(directory, 'shardwright-20260101T000000000Z-9-abcd-000001.ndjson'), 'no record\n');
    const { code, stdout } = await runCli(['explain', directory]);
    expect(code).toBe(0);
    expect(stdout).toContain('has 1 lines that are no records; the rest was read');
    expect(stdout).toContain('#2');
  });

  test('fails with a hint without a recording', async () => {
    const { code, stdout, stderr } = await runCli(['explain', await recordingDirectory()]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^shardwright: no recording can be read: .*docs\/incidents\.md says how to record\.\n$/);
  });

  test.each([
    [[], 'explain takes one FILE or DIRECTORY, and options; see shardwright explain --help'],
    [['a', 'b'], 'explain takes one FILE or DIRECTORY, and options; see shardwright explain --help'],
    [['.', '--since', 'yesterday'], 'explain: --since must be a time such as 2026-07-04T03:00, or 2h, 30m, 3d'],
    [['.', '--shard', 'x'], 'explain: --shard must be a number'],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, stderr } = await runCli(['explain', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `shardwright: ${message}\n` });
  });
});
