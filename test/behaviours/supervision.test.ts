/** What the supervisor of a bot sees: exit codes and stderr. Each bot runs in its own process. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { readmeCode } from '../kit/readme-code.ts';

const SHARDWRIGHT = new URL('../../src/index.ts', import.meta.url).href;

let directory: string;
let readmeBot: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-supervision-'));
  readmeBot = readmeCode(await readFile(new URL('../../README.md', import.meta.url), 'utf8'), 'A bot that answers');
});

afterAll(() => rm(directory, { recursive: true, force: true }));

interface RunningBot {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<{ code: number | null; stderr: string }>;
}

/** Runs a module in a process of its own, which is killed if it does not end. */
async function run(code: string): Promise<RunningBot> {
  // Each bot has its own directory, because README's bot stores its session in it.
  const cwd = await mkdtemp(join(directory, 'bot-'));
  const file = join(cwd, 'bot.mjs');
  await writeFile(file, code);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    cwd,
    env: { ...process.env, DISCORD_TOKEN: 'secret' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const exited = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once('close', (exitCode) => resolve({ code: exitCode, stderr })),
  );
  return { kill: (signal) => child.kill(signal), exited };
}

const shardBot = ({ url }: FakeGateway, rest = ''): string => `
import { Shard } from '${SHARDWRIGHT}';
const bot = new Shard({ token: 'secret', intents: ['Guilds'], url: '${url}' });
${rest}
await bot.connect();`;

const managerBot = ({ apiUrl }: FakeGateway): string => `
import { ShardManager } from '${SHARDWRIGHT}';
const bot = new ShardManager({ token: 'secret', intents: ['Guilds'], api: '${apiUrl}' });
await bot.connect();`;

const readmeBotFor = ({ url }: FakeGateway): string => readmeBot.replace('new Shard({', `new Shard({ url: '${url}',`);

/** Runs a bot, closes its connection when it is ready, and returns how the process ended. */
async function closedWith(code: number, bot: (gateway: FakeGateway) => string) {
  await using gateway = await FakeGateway.listen({ token: 'secret', heartbeatIntervalMs: 300 });
  const { exited } = await run(bot(gateway));
  const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
  // A heartbeat after READY: by then the bot knows that it is ready.
  await connection.waitFor(1);
  connection.close(code, 'No longer welcome.');
  // The gateway closes only after the bot has ended.
  return await exited;
}

describe('a bot and its supervisor', { timeout: 60_000 }, () => {
  test.concurrent.each([
    ['shard', shardBot],
    ['manager', managerBot],
  ])(
    '81. a %s that fails without a listener of failed says so on stderr, and its process exits with 1',
    async (_, bot) => {
      const { code, stderr } = await closedWith(4004, bot);
      expect(stderr).toMatch(
        /^shardwright: (shard 0|the manager) failed\. AUTHENTICATION_FAILED: .*Check the option token/,
      );
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    },
  );

  test.concurrent('81. a listener of failed reports the failure instead, and decides about the exit code', async () => {
    const { code, stderr } = await closedWith(4004, (gateway) => shardBot(gateway, "bot.on('failed', () => {});"));
    expect([code, stderr]).toEqual([0, '']);
  });

  test.concurrent('81. the bot of README whose token is reset says so, and exits with 1', async () => {
    const { code, stderr } = await closedWith(4004, readmeBotFor);
    expect(stderr).toMatch(/4004: No longer welcome\. Check the option token/);
    expect(code).toBe(1);
  });

  test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
    '82. %s while the bot of README is still starting ends it with exit code 0, a close frame and no stack',
    async (signal) => {
      await using gateway = await FakeGateway.listen({ token: 'secret', heartbeatIntervalMs: 300 });
      gateway.holdReady();
      const { kill, exited } = await run(readmeBotFor(gateway));
      const connection = await gateway.waitForConnection();
      await connection.waitFor(2);
      kill(signal);
      expect(await exited).toEqual({ code: 0, stderr: '' });
      expect(connection.closedWith).toMatchObject({ code: 4000 });
    },
  );
});
