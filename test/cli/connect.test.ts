import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { httpProxy } from '../kit/proxies.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { runCli, startCli } from './run-cli.ts';

const directories: string[] = [];

const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-cli-'));
  directories.push(directory);
  return directory;
};

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

describe('shardwright connect', () => {
  test('without a token says what to do, and exits with 2', async () => {
    const { code, stdout, stderr } = await runCli(['connect']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^shardwright: connect: set DISCORD_TOKEN .*\n$/);
  });

  test.each([
    ['--shard', '1/1'],
    ['--shard', 'first'],
    ['--intents', 'Everything'],
    ['--compression', 'rar'],
    ['--url', 'https://gateway.discord.gg'],
  ])('refuses %s %s in one line, and exits with 2', async (option, value) => {
    const { code, stdout, stderr } = await runCli(['connect', option, value], { DISCORD_TOKEN: TOKEN });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^shardwright: connect: .*\n$/);
  });

  test('prints the states and dispatches of a shard, and does not print the token', async () => {
    await using gateway = await FakeGateway.listen({ token: TOKEN, readyGuilds: 3, heartbeatIntervalMs: 200 });
    const cli = startCli(['connect', '--url', gateway.url, '--intents', 'Guilds,GuildMessages'], {
      DISCORD_TOKEN: `Bot ${TOKEN}`,
    });
    await cli.waitForOutput('started, 3 guilds');
    await cli.waitForOutput('heartbeat acknowledged');
    cli.interrupt();
    const { code, stdout, stderr } = await cli.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('identifying → ready');
    expect(stdout).toContain('the session is kept');
    expect(stdout).not.toContain(TOKEN);
    expect(gateway.history.map(({ closedWith }) => closedWith?.code)).toEqual([4000]);
  });

  test('says which proxy it connects through, without the password', async () => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    await using proxy = await httpProxy();
    const cli = startCli(['connect', '--url', gateway.url], {
      DISCORD_TOKEN: TOKEN,
      NO_PROXY: '',
      HTTPS_PROXY: `http://bot:secret-word@${proxy.host}`,
    });
    await cli.waitForOutput('✓ ready');
    cli.interrupt();
    const { stdout } = await cli.finished;
    expect(stdout).toContain(`through the proxy ${proxy.host}\n`);
    expect(stdout).not.toContain('secret-word');
    expect(proxy.targets).toEqual([new URL(gateway.url).host]);
  });

  test('escapes control characters of the gateway', async () => {
    const hostile = '\u001B[2J\u001B]0;title\u0007\n12:00:00  ✓ ready';
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    const cli = startCli(['connect', '--url', gateway.url], { DISCORD_TOKEN: TOKEN });
    await cli.waitForOutput('✓ ready');
    gateway.connections[0]?.close(4004, hostile);
    const { code, stdout, stderr } = await cli.finished;
    expect(code).toBe(1);
    expect(stdout).toContain(String.raw`4004: \u001b[2J\u001b]0;title\u0007\n12:00:00  ✓ ready`);
    expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('resumes the session that an earlier run stored in a directory', async () => {
    const directory = await temporaryDirectory();
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    const args = ['connect', '--url', gateway.url, '--session-dir', directory];
    const first = startCli(args, { DISCORD_TOKEN: TOKEN });
    await first.waitForOutput('identifying → ready');
    first.interrupt();
    expect((await first.finished).code).toBe(0);
    expect(await readdir(directory)).toEqual(['shard-0.1.lock', 'shard-0.json', 'shard-0.starts.json']);

    gateway.dispatch('MESSAGE_CREATE', { content: 'while no process was connected' });
    const second = startCli(args, { DISCORD_TOKEN: TOKEN });
    await second.waitForOutput('1 dispatch replayed');
    second.interrupt();
    expect((await second.finished).code).toBe(0);
    expect({ ...gateway.stats }).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
  });

  test('exits with 1, the error code and what to do, when the gateway refuses the token', async () => {
    await using gateway = await FakeGateway.listen({ token: 'another' });
    const { code, stdout, stderr } = await runCli(['connect', '--url', gateway.url], { DISCORD_TOKEN: TOKEN });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^shardwright: AUTHENTICATION_FAILED\. .* copy the token again from the Developer Portal\.\n$/,
    );
    expect(stdout + stderr).not.toContain(TOKEN);
  });
});
