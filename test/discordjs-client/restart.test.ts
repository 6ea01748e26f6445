/** A bot of discord.js that is stopped, killed and deployed under load: every message counts, and so does every IDENTIFY. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { guildId } from '../kit/guild-events.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { BotProcess } from './bot-process.ts';
import { guildWith, messageData } from '../kit/bot-world.ts';

const SHARDS = 2;
const GUILDS = 6;
const channelOf = (guild: number): string => String(1_000 + guild);

/** A gateway that sends numbered messages to all guilds in turn, and bots that share one directory. */
async function loadedGateway() {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-restart-'));
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    shards: SHARDS,
    sessionStartLimit: { maxConcurrency: 16 },
    readyGuilds: Array.from({ length: GUILDS }, (_, n) => guildWith(n, channelOf(n))),
    strict: true,
  });
  const bots: BotProcess[] = [];
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    gateway,
    start(): BotProcess {
      const bot = new BotProcess([gateway.apiUrl.replace('/v10', ''), directory, String(SHARDS)]);
      bots.push(bot);
      return bot;
    },
    /** Starts to send a message every 5 ms. */
    beginLoad(): void {
      timer = setInterval(() => {
        const guild = sent % GUILDS;
        sent += 1;
        const message = { ...messageData(sent), guild_id: guildId(guild), channel_id: channelOf(guild) };
        gateway.dispatch('MESSAGE_CREATE', message, { guildId: guildId(guild) });
      }, 5);
    },
    /** Resolves when the bot has handled a message that was sent after this call. */
    handlesNew(bot: BotProcess): Promise<void> {
      const before = sent;
      return bot.handled((ids) => (ids.at(-1) ?? 0) > before);
    },
    /** Stops the load. Resolves with the ids of all messages, once the bot has handled the last one of each shard. */
    async endLoad(bot: BotProcess): Promise<number[]> {
      clearInterval(timer);
      // Messages alternate between the shards.
      await bot.handled((ids) => ids.includes(sent) && ids.includes(sent - 1));
      return Array.from({ length: sent }, (_, n) => n + 1);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all(bots.map((bot) => bot.kill('SIGKILL')));
      await gateway.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const SHARD_IDS = [0, 1];
const ofShard = (shard: number, ids: readonly number[]): number[] => ids.filter((id) => (id - 1) % SHARDS === shard);
const inOrder = (ids: readonly number[]): number[] => ids.toSorted((a, b) => a - b);

describe('a bot of discord.js on shardwright with a session store', () => {
  test('is stopped, killed and deployed under load, and handles every message with one IDENTIFY per shard', async () => {
    await using kit = await loadedGateway();
    const { gateway } = kit;
    const first = kit.start();
    expect(await first.line(/^ready/)).toBe(`ready fake-bot ${GUILDS} ${GUILDS}`);
    kit.beginLoad();
    const created = { id: '2000', guild_id: guildId(1), type: 0, name: 'created', position: 1 };
    gateway.dispatch('CHANNEL_CREATE', created, { guildId: guildId(1) });
    await kit.handlesNew(first);
    const stopped = await first.kill('SIGTERM');

    const second = kit.start();
    expect(await second.line(/^ready/)).toBe(`ready fake-bot ${GUILDS} ${GUILDS + 1}`);
    await kit.handlesNew(second);
    await second.kill('SIGKILL');

    const third = kit.start();
    expect(await third.line(/^ready/)).toBe(`ready fake-bot ${GUILDS} ${GUILDS + 1}`);
    await kit.handlesNew(third);
    // A deployment: the new process waits until the old one has stopped.
    const fourth = kit.start();
    await kit.handlesNew(third);
    const replaced = await third.kill('SIGTERM');
    await kit.handlesNew(fourth);
    const all = await kit.endLoad(fourth);
    const last = await fourth.kill('SIGTERM');

    expect([stopped, replaced, last]).toEqual(Array.from({ length: 3 }, () => ({ code: 0, stderr: '' })));
    // After a kill the last second comes again, because the sequence is written once a second.
    const repeated = third.messages.filter((id) => second.messages.includes(id));
    for (const shard of SHARD_IDS) {
      const seen = ofShard(shard, second.messages);
      expect(ofShard(shard, repeated)).toEqual(seen.slice(seen.length - ofShard(shard, repeated).length));
    }
    const handled = [...first.messages, ...second.messages, ...third.messages, ...fourth.messages];
    const onceEach = [...repeated, ...all];
    expect(inOrder(handled)).toEqual(inOrder(onceEach));
    for (const { messages } of [first, second, third, fourth])
      for (const shard of SHARD_IDS) expect(ofShard(shard, messages)).toEqual(inOrder(ofShard(shard, messages)));
    expect(gateway.stats).toMatchObject({ identifies: SHARDS, resumes: 3 * SHARDS });
    // Of what comes again after the kill, a heartbeat may have confirmed the receipt.
    const afterKill = [2 * SHARDS, 2 * SHARDS + 1];
    expect(
      gateway.complaints.filter(({ rule, connection }) => rule !== 'resume-repeat' || !afterKill.includes(connection)),
    ).toEqual([]);
  });
});
