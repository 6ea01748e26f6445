/** Incidents that need a real process: it is blocked, suspended, or killed. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { startBot } from './kit/bot-process.ts';
import { recordingDirectory, storyOf } from './kit/recorded-incident.ts';

const LIMIT_MS = 120_000;
/** The gateway gives up a connection without heartbeats after a while. */
const HEARTBEAT_INTERVAL_MS = 800;
const STANDSTILL_MS = 3_000;

async function runningBot() {
  const directory = await recordingDirectory();
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    identifyIntervalMs: 0,
  });
  onTestFinished(() => gateway.close());
  const bot = startBot(directory, gateway.url);
  onTestFinished(() => void bot.child.kill('SIGKILL'));
  await bot.isReady;
  return { ...bot, directory, gateway };
}

/** Resolves when the bot has said this so often. */
async function hasSaid(bot: Awaited<ReturnType<typeof runningBot>>, word: string, times: number): Promise<void> {
  while (bot.said.filter(({ what }) => what === word).length < times) await sleep(50);
}

async function storyAfterKill(bot: Awaited<ReturnType<typeof runningBot>>) {
  await sleep(1_000);
  const exited = once(bot.child, 'exit');
  bot.child.kill('SIGKILL');
  await exited;
  return storyOf(bot.directory, { now: Date.now() + 3_600_000 });
}

describe('explain names, of a real process,', () => {
  test('a blocked event loop, with its time, and the kill at the end', { timeout: LIMIT_MS }, async () => {
    const bot = await runningBot();
    bot.child.send('block');
    await hasSaid(bot, 'ready', 2);
    const { incidents } = await storyAfterKill(bot);
    expect(incidents.map(({ cause }) => cause)).toEqual(['processBusy', 'killed']);
    expect(incidents[0]?.what).toMatch(/^Your process was busy: \d+\.\d s\./);
    // The gateway closed with 4009, which ends the session.
    expect(incidents[0]?.lost).toBe('gap');
  });

  test('a suspended process', { timeout: LIMIT_MS }, async () => {
    const bot = await runningBot();
    bot.child.kill('SIGSTOP');
    await sleep(STANDSTILL_MS);
    bot.child.kill('SIGCONT');
    await hasSaid(bot, 'ready', 2);
    const { incidents } = await storyAfterKill(bot);
    expect(incidents.map(({ cause }) => cause)).toEqual(['processSuspended', 'killed']);
  });
});
