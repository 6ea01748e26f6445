/**
 * Runs the bot on one runtime through every fault, against a fake gateway on Node that judges it. Around each fault the
 * gateway sends messages; a session that goes on delivers each of them once, in order.
 */
import assert from 'node:assert/strict';
import type { Compression } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../../test/kit/timing.ts';
import { BotProcess } from './bot-process.ts';
import type { Command } from './bot-process.ts';
import { TOKEN } from './exchange.ts';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import { outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** A zombie is found after two of them. */
const HEARTBEAT_INTERVAL_MS = 400;
const MESSAGES = 5;
/** More than the TCP buffer of a socket, so that the frames come in several reads. */
const LONG_TEXT = 'ä👋'.repeat(2_000);

/** Sends messages, and returns what the bot prints for each. */
function sendMessages(gateway: FakeGateway, when: string): string[] {
  const contents = Array.from({ length: MESSAGES }, (_, n) => `${when} ${n} ${LONG_TEXT}`);
  for (const content of contents) gateway.dispatch('MESSAGE_CREATE', { id: '1', channel_id: '2', content });
  return contents;
}

async function survive(bot: BotProcess, gateway: FakeGateway, fault: Fault): Promise<void> {
  const [connection] = gateway.connections;
  assert(connection !== undefined, 'the bot has no connection');
  const { identifies } = gateway.stats;
  const firstLine = bot.lines.length;
  const sent = sendMessages(gateway, 'before');
  // What a session that ends has not delivered is lost, by Discord's rules.
  if (!fault.resumes) await bot.next('the messages', ({ content }) => content === sent.at(-1));
  fault.inject(connection, gateway);
  if (fault.resumes) sent.push(...sendMessages(gateway, 'meanwhile'));
  if (fault.lift !== undefined) {
    for (let attempt = 0; attempt < 2; attempt += 1) await bot.next('an attempt', (line) => 'disconnected' in line);
    fault.lift(gateway);
  }
  const { resumed } = await bot.next('reconnected', (line) => 'resumed' in line);
  assert.equal(resumed, fault.resumes, 'whether the session was resumed');
  sent.push(...sendMessages(gateway, 'after'));
  await bot.next('the last message', ({ content }) => content === sent.at(-1));
  const received = bot.lines.slice(firstLine).filter((line) => 'content' in line);
  assert.deepEqual(
    received.map(({ content }) => content),
    sent,
    'every message once, in order',
  );
  assert.equal(gateway.stats.identifies - identifies, fault.resumes ? 0 : 1, 'the number of IDENTIFYs');
}

/** Runs all faults in one process, and returns the outcome of each. After a failure a new process goes on. */
export async function runFaults(
  command: Command,
  cwd: string,
  options: Readonly<Record<string, unknown>> & { readonly compression: Compression },
  faults: readonly Fault[] = FAULTS,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const remaining = [...faults];
  while (remaining.length > 0) {
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      identifyIntervalMs: 0,
      strict: true,
      readyGuilds: 2,
    });
    await using bot = new BotProcess(command, {
      cwd,
      options: { token: TOKEN, api: gateway.apiUrl, timing: QUICK, ...options },
    });
    let isAlive = true;
    while (isAlive) {
      const fault = remaining.shift();
      if (fault === undefined) break;
      const outcome = await outcomeOf(async () => {
        if (!bot.lines.some(({ connected }) => connected === true))
          await bot.next('connected', ({ connected }) => connected === true);
        await survive(bot, gateway, fault);
        assert.deepEqual(gateway.stats.violations, [], 'what the gateway objects to');
        assert.deepEqual(gateway.complaints, [], 'what the oracle objects to');
      });
      outcomes.set(fault.title, outcome);
      isAlive = outcome.failure === null;
    }
    if (isAlive) await bot.stop();
  }
  return outcomes;
}
