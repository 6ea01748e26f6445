/** Runs the code of README as a reader would run it. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { readmeCode } from '../kit/readme-code.ts';
import { ROOT } from './source-tree.ts';

const TOKEN = 'readme-token';

let readme: string;
let directory: string;

beforeAll(async () => {
  readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  directory = await mkdtemp(join(tmpdir(), 'shardwright-readme-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const codeUnder = (heading: string): string => readmeCode(readme, heading);

describe('README.md', () => {
  test('has a bot that replies to !ping and keeps its session on SIGTERM', async () => {
    const { promise: request, resolve } = Promise.withResolvers<unknown>();
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      rest: ({ method, path, body }) => {
        resolve({ method, path, body });
        return { body: { id: '8' } };
      },
    });
    const code = codeUnder('A bot that answers')
      .replace('new Shard({', `new Shard({ url: '${gateway.url}',`)
      .replaceAll('https://discord.com/api/v10', gateway.apiUrl);
    const file = join(directory, 'bot.mjs');
    await writeFile(file, code);

    const bot = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      cwd: directory,
      env: { ...process.env, DISCORD_TOKEN: TOKEN },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const exited = new Promise((settle) => bot.once('exit', (exitCode) => settle(exitCode)));
    const connection = await gateway.waitForConnection();
    await connection.waitFor(2);
    gateway.dispatch('MESSAGE_CREATE', { id: '1', channel_id: '7', content: '!ping', author: { id: '2' } });

    expect(await request).toEqual({ method: 'POST', path: '/channels/7/messages', body: { content: 'pong' } });
    bot.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(connection.closedWith).toMatchObject({ code: 4000 });
  });

  test('has a test of a bot that passes', async () => {
    const tests: (() => Promise<void>)[] = [];
    Object.assign(globalThis, {
      readmeKit: { expect, test: (_title: string, run: () => Promise<void>) => tests.push(run) },
    });
    const file = join(directory, 'bot.test.mjs');
    await writeFile(
      file,
      codeUnder('Test your bot').replace(/import (\{.*\}) from 'vitest';/, 'const $1 = globalThis.readmeKit;'),
    );

    await import(/* @vite-ignore */ pathToFileURL(file).href);

    expect(tests).toHaveLength(1);
    for (const run of tests) await run();
  });
});
