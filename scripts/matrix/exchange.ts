/** The smallest life of a bot of the matrix: it connects, receives, resumes and stops. */
import assert from 'node:assert/strict';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../../test/kit/timing.ts';
import { BotProcess } from './bot-process.ts';
import type { Command } from './bot-process.ts';

export const TOKEN = 'matrix-token';

/** A project with the package, and the way to run a file of it. */
export interface Place {
  readonly project: string;
  readonly command: (file: string, ...args: string[]) => Command;
}

export const listen = (): Promise<FakeGateway> =>
  FakeGateway.listen({ token: TOKEN, identifyIntervalMs: 0, readyGuilds: 2, strict: true });

/** Connects a bot, sends it a message, breaks its connection, sends another, and lets the bot stop. */
export async function exchange(
  { project, command }: Place,
  gateway: FakeGateway,
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using bot = new BotProcess(command('bot.mjs'), {
    cwd: project,
    environment,
    options: { token: TOKEN, api: gateway.apiUrl, timing: QUICK, ...options },
  });
  await bot.next('connected', ({ connected }) => connected === true);
  for (const content of ['first', 'second']) {
    gateway.dispatch('MESSAGE_CREATE', { id: '1', channel_id: '2', content });
    await bot.next('the message', (line) => line['content'] === content);
    if (content === 'second') break;
    gateway.connections[0]?.terminate();
    await bot.next('resumed', ({ resumed }) => resumed === true);
  }
  assert.equal(await bot.stop(), 0, 'the exit code');
  assert.deepEqual(
    bot.lines.filter((line) => 'fault' in line),
    [],
    'the faults of the bot',
  );
  assert.deepEqual(gateway.complaints, [], 'what the oracle objects to');
}
