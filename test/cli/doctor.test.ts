import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { budgetChecks, clockCheck } from '../../src/cli/doctor/discord.ts';
import { intentsCheck } from '../../src/cli/doctor/intents.ts';
import { compressionCheck, nodeCheck } from '../../src/cli/doctor/runtime.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { httpProxy } from '../kit/proxies.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import type { CliResult } from './run-cli.ts';
import { runCli } from './run-cli.ts';

interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly {
    name: string;
    outcome: string;
    found: string;
    advice: string | null;
    figures?: Record<string, unknown>;
  }[];
}

const doctor = (args: readonly string[], token: string = TOKEN): Promise<CliResult> =>
  runCli(['doctor', ...args], { DISCORD_TOKEN: token });

const reportOf = ({ stdout }: CliResult): DoctorReport => JSON.parse(stdout) as DoctorReport;

const outcomes = (report: DoctorReport): Record<string, string> =>
  Object.fromEntries(report.checks.map(({ name, outcome }) => [name, outcome]));

/** Starts an HTTP server with one listener for all requests. */
async function startServer(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v10`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('shardwright doctor', { timeout: 60_000 }, () => {
  test('prints a table for a healthy bot, and does not print the token', async () => {
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      shards: 4,
      sessionStartLimit: { remaining: 900, maxConcurrency: 2 },
    });
    const { code, stdout, stderr } = await doctor(['--api', gateway.apiUrl, '--intents', 'Guilds,GuildMessages']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ Node {12}\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^✓ Token {11}accepted by 127\.0\.0\.1:\d+$/m);
    expect(stdout).toMatch(/^✓ Clock {11}in sync$/m);
    expect(stdout).toMatch(/^✓ Shards {10}Discord recommends 4; 2 per 5 s, so a start takes about 5 s$/m);
    expect(stdout).toMatch(/^✓ Session starts {2}900 of 1,000 left, resets in (?:1 d 0 h|23 h 59 min)$/m);
    expect(stdout).toMatch(/^✓ Intents {9}513: Guilds, GuildMessages$/m);
    expect(stdout).not.toContain(TOKEN);
    expect(stdout).not.toContain('\u001B');
  });

  test('goes through the proxy of the environment, says so, and does not print its password', async () => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    const credentials = { username: 'bot', password: 'secret-word' };
    await using proxy = await httpProxy({ credentials });
    const environment = { DISCORD_TOKEN: TOKEN, NO_PROXY: '', ALL_PROXY: `http://bot:secret-word@${proxy.host}` };
    const finished = await runCli(['doctor', '--api', gateway.apiUrl, '--json'], environment);
    const { host } = new URL(gateway.url);
    expect({ code: finished.code, targets: proxy.targets }).toEqual({ code: 0, targets: [host, host] });
    expect(reportOf(finished).checks.find(({ name }) => name === 'Proxy')).toEqual({
      name: 'Proxy',
      outcome: 'ok',
      found: `${proxy.host} connects to ${host}`,
      advice: null,
      figures: { proxy: proxy.host },
    });
    expect(finished.stdout).not.toContain('secret-word');
  });

  test('names a proxy that refuses, and exits with 1', async () => {
    await using proxy = await httpProxy({ credentials: { username: 'bot', password: 'right' } });
    const environment = { DISCORD_TOKEN: TOKEN, NO_PROXY: '', ALL_PROXY: `http://bot:secret-word@${proxy.host}` };
    const finished = await runCli(['doctor', '--api', 'http://127.0.0.1:9/api', '--json'], environment);
    const check = reportOf(finished).checks.find(({ name }) => name === 'Proxy');
    expect(finished.code).toBe(1);
    expect(check).toMatchObject({ outcome: 'failed', advice: expect.stringContaining('name:password@host') as string });
    expect(check?.found).toMatch(/^the proxy 127\.0\.0\.1:\d+ does not accept the user name and the password: 407/);
    expect(finished.stdout).not.toContain('secret-word');
  });

  test('prints the same as JSON, with the figures', async () => {
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      sessionStartLimit: { total: 1_000, remaining: 40 },
    });
    const finished = await doctor(['--api', gateway.apiUrl, '--intents', '33281', '--json']);
    const report = reportOf(finished);
    expect({ code: finished.code, ok: report.ok }).toEqual({ code: 0, ok: true });
    expect(outcomes(report)).toEqual({
      Node: 'ok',
      Compression: 'ok',
      Token: 'ok',
      Clock: 'ok',
      Shards: 'ok',
      'Session starts': 'warning',
      Intents: 'warning',
    });
    expect(report.checks.find(({ name }) => name === 'Session starts')!.figures).toMatchObject({
      total: 1_000,
      remaining: 40,
      maxConcurrency: 1,
    });
    expect(report.checks.find(({ name }) => name === 'Intents')).toMatchObject({
      figures: { bits: 33_281, names: ['Guilds', 'GuildMessages', 'MessageContent'], privileged: ['MessageContent'] },
    });
  });

  test('without a token says what to do, and exits with 1', async () => {
    const { code, stdout } = await doctor([], '');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ Token {11}DISCORD_TOKEN is not set\n +→ Set DISCORD_TOKEN/m);
    expect(stdout).toMatch(/^· Shards {10}needs a token$/m);
  });

  test.each([
    ['Discord rejects', 'other-token'],
    ['has the wrong form', `${TOKEN} and more`],
  ])('reports a token that %s, and does not repeat it', async (_title, token) => {
    await using gateway = await FakeGateway.listen({ token: TOKEN });
    const { code, stdout, stderr } = await doctor(['--api', gateway.apiUrl], token);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^✗ Token .*\n +→ Set DISCORD_TOKEN to the token of your bot/m);
    expect(stdout).not.toContain(token);
  });

  test('distinguishes an address that is not the API from an API that is down', async () => {
    await using nowhere = await startServer((_, response) => void response.writeHead(404).end('no'));
    await using broken = await startServer((_, response) => void response.writeHead(503).end('later'));
    const [wrong, down] = await Promise.all([doctor(['--api', nowhere.api]), doctor(['--api', broken.api])]);
    expect(wrong.code).toBe(1);
    expect(down.code).toBe(1);
    expect(wrong.stdout).toContain('answered 404 with something else, not with JSON\n');
    expect(wrong.stdout).toContain('→ Check --api');
    expect(down.stdout).toContain('answered 503\n');
    expect(down.stdout).toContain('→ Check your network, proxy and firewall');
  });

  test('reports by how much the clock differs from the Date header', async () => {
    const body = JSON.stringify({
      url: 'wss://gateway.discord.gg',
      shards: 1,
      session_start_limit: { total: 1_000, remaining: 999, reset_after: 0, max_concurrency: 1 },
    });
    await using past = await startServer(
      (_, response) => void response.writeHead(200, { Date: new Date(Date.now() - 3_600_000).toUTCString() }).end(body),
    );
    const finished = await doctor(['--api', past.api, '--json']);
    const clock = reportOf(finished).checks.find(({ name }) => name === 'Clock')!;
    expect({ code: finished.code, outcome: clock.outcome }).toEqual({ code: 0, outcome: 'warning' });
    expect(clock.found).toMatch(/^(?:59 min|1 h 0 min).* ahead$/);
  });
});

describe('a check of the doctor', () => {
  test.each([
    ['20.19.0', 'failed'],
    ['22.14.9', 'failed'],
    ['22.15.0', 'ok'],
    ['24.0.0', 'ok'],
  ])('Node %s is %s', (version, outcome) => {
    expect(nodeCheck(version).outcome).toBe(outcome);
  });

  test('warns about a Node without zstd, or with the slower decoder', () => {
    expect(compressionCheck({ zstd: true, native: true })).toMatchObject({
      outcome: 'ok',
      found: 'zlib-stream and zstd-stream',
    });
    expect(compressionCheck({ zstd: false, native: true })).toMatchObject({
      outcome: 'warning',
      found: 'zlib-stream, but not zstd-stream',
    });
    expect(compressionCheck({ zstd: true, native: false })).toMatchObject({
      outcome: 'warning',
      found: 'zlib-stream and zstd-stream, with the slower decoder',
    });
  });

  test.each([
    ['Guilds', 'ok'],
    ['Guilds, GuildMembers', 'warning'],
    ['0', 'warning'],
    ['1', 'ok'],
    ['Guild', 'failed'],
    ['131072', 'failed'],
    ['99999999999', 'failed'],
  ])('intents %s are %s', (text, outcome) => {
    expect(intentsCheck(text).outcome).toBe(outcome);
  });

  test('lists the names of the intents when one is unknown', () => {
    expect(intentsCheck('Guilds,Everything')).toMatchObject({
      found: "unknown: 'Everything'",
      advice: expect.stringContaining('GuildMessages') as string,
    });
  });

  test.each([
    [1_999, 'ok', 'in sync'],
    [-2_000, 'ok', 'in sync'],
    [65_000, 'warning', '1 min 5 s ahead'],
    [-7_200_000, 'warning', '2 h 0 min behind'],
  ])('a clock that is off by %i ms is %s', (skewMs, outcome, found) => {
    expect(clockCheck({ skewMs, uncertaintyMs: 0 })).toMatchObject({ outcome, found });
  });

  test('allows the clock the uncertainty of the round trip', () => {
    expect(clockCheck({ skewMs: 2_900, uncertaintyMs: 1_000 })).toMatchObject({
      outcome: 'ok',
      figures: { skewMs: 2_900 },
    });
  });

  test.each([
    [64, 1_000, 'ok'],
    [64, 99, 'warning'],
    [64, 63, 'failed'],
  ])('for %i shards %i session starts of 1,000 are %s', (shards, remaining, outcome) => {
    const limit = { total: 1_000, remaining, resetAfterMs: 3_600_000, maxConcurrency: 16 };
    const [pace, starts] = budgetChecks({ url: 'wss://gateway.discord.gg', shards, sessionStartLimit: limit });
    expect(pace!.found).toBe('Discord recommends 64; 16 per 5 s, so a start takes about 15 s');
    expect(starts!.outcome).toBe(outcome);
  });
});
