/** What a runtime must do beside surviving faults: threads, files, TLS, a proxy, the pages on loopback, the program. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { httpProxy, socksProxy } from '../../test/kit/proxies.ts';
import type { TestProxy } from '../../test/kit/proxies.ts';
import { tlsServer } from '../../test/kit/tls-server.ts';
import { BotProcess, PATIENCE_MS } from './bot-process.ts';
import type { Command } from './bot-process.ts';
import { AUTHORITY, CERTIFICATE } from './certificate.ts';
import { exchange, listen } from './exchange.ts';
import type { Place } from './exchange.ts';
import { runFaults } from './fault-runs.ts';
import { FAULTS } from './faults.ts';

export interface Feature {
  readonly title: string;
  /** Whether `npm test` tries it too. */
  readonly isQuick: boolean;
  run(place: Place): Promise<void>;
}

/** Runs a program to its end, and returns its output. @throws with the output if the exit code is not 0 */
async function output([file, ...args]: Command, cwd: string): Promise<string> {
  const child = spawn(file, args, { cwd, env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 3 * PATIENCE_MS);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      text += error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  clearTimeout(timer);
  assert.equal(code, 0, `${[file, ...args].join(' ')} ended with ${code}: ${text.slice(-1_000)}`);
  return text;
}

/** As {@link exchange}, with TLS. Resolves with the host and port that the bot connected to. */
async function exchangeOverTls(place: Place, options: Readonly<Record<string, unknown>>): Promise<string> {
  await using gateway = await listen();
  await using server = await tlsServer(Number(new URL(gateway.url).port), CERTIFICATE);
  const file = join(place.project, 'ca.pem');
  await writeFile(file, AUTHORITY);
  await exchange(place, gateway, { tlsHost: server.host, ...options }, { NODE_EXTRA_CA_CERTS: file });
  return server.host;
}

const throughProxy = (title: string, scheme: string, start: () => Promise<TestProxy>): Feature => ({
  title,
  isQuick: true,
  run: async (place) => {
    await using proxy = await start();
    const host = await exchangeOverTls(place, { proxy: `${scheme}://${proxy.host}` });
    assert(proxy.targets.includes(host), `the proxy led to ${proxy.targets.join(', ')}`);
  },
});

const cli = ({ command, project }: Place, ...args: string[]): Promise<string> =>
  output(command(join('node_modules', 'shardwright', 'dist', 'cli.js'), ...args), project);

export const FEATURES: readonly Feature[] = [
  {
    title: 'Worker threads, through every fault',
    isQuick: true,
    run: async ({ command, project }) => {
      const outcomes = await runFaults(command('bot.mjs'), project, { compression: 'zlib-stream', workers: 1 }, FAULTS);
      for (const [title, { failure, details }] of outcomes) assert.equal(failure, null, `${title}: ${details}`);
    },
  },
  {
    title: 'A restart that resumes, with `FileSessionStore` and `warmStart`',
    isQuick: true,
    run: async (place) => {
      await using gateway = await listen();
      const sessions = await mkdtemp(join(place.project, 'sessions-'));
      const options = { sessions, shards: 1, warmStart: true };
      await exchange(place, gateway, options);
      await exchange(place, gateway, options);
      const { identifies, resumes } = gateway.stats;
      assert.deepEqual({ identifies, resumes }, { identifies: 1, resumes: 3 });
    },
  },
  {
    title: 'A refused token ends the bot with `AUTHENTICATION_FAILED`',
    isQuick: false,
    run: async ({ command, project }) => {
      await using gateway = await listen();
      await using bot = new BotProcess(command('bot.mjs'), {
        cwd: project,
        options: { token: 'another-token', api: gateway.apiUrl },
      });
      const { rejected } = await bot.next('the refusal', (line) => 'rejected' in line);
      assert.equal(rejected, 'AUTHENTICATION_FAILED');
      assert.equal(await bot.exitCode(), 1);
    },
  },
  {
    title: 'TLS',
    isQuick: false,
    run: async (place) => {
      await exchangeOverTls(place, {});
    },
  },
  throughProxy('`proxy` with HTTP CONNECT, and TLS through it', 'http', httpProxy),
  throughProxy('`proxy` with SOCKS5, and TLS through it', 'socks5', socksProxy),
  {
    title: '`shardwright/testing` in the same process',
    isQuick: true,
    run: async ({ command, project }) => {
      await output(command('runtime-smoke.mjs'), project);
    },
  },
  {
    title: '`shardwright/inspect`: the page, health and metrics',
    isQuick: true,
    run: async ({ command, project }) => {
      await output(command('pages.mjs'), project);
    },
  },
  {
    title: '`shardwright --help`',
    isQuick: true,
    run: async (place) => assert.match(await cli(place, '--help'), /Usage: shardwright/),
  },
  {
    title: '`shardwright demo`: exact accounting of every dispatch',
    isQuick: false,
    run: async (place) => assert.match(await cli(place, 'demo', '--fast'), /No dispatch was lost/),
  },
  {
    title: '`shardwright demo --shards 4 --workers 2`',
    isQuick: false,
    run: async (place) =>
      assert.match(await cli(place, 'demo', '--fast', '--shards', '4', '--workers', '2'), /No dispatch was lost/),
  },
];
