/** Bot processes with `warmStart` that end, and the next ones: no IDENTIFY, and each knows all guilds and channels. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';

const BOT = fileURLToPath(new URL('warm-bot.ts', import.meta.url));
const SHARDS = [0, 1];
/** Three guilds for each of two shards. */
const GUILD_IDS = [2, 3, 4, 5, 6, 7].map((n) => String(BigInt(n) << 22n));
const shardOf = (guildId: string): number => GUILD_IDS.indexOf(guildId) % 2;

interface Answer {
  readonly shardId: number;
  readonly restored: number;
  readonly user: string;
  readonly known: [guildId: string, channelIds: string[]][];
}

async function createScenario(workers: number) {
  const directory = await mkdtemp(join(tmpdir(), 'shardwright-warm-'));
  const gateway = await FakeGateway.listen({
    token: 'token',
    heartbeatIntervalMs: 5_000,
    identifyIntervalMs: 0,
    readyGuilds: GUILD_IDS.map((id) => ({ id, name: `guild ${id}`, channels: [] })),
  });
  const sessions = join(directory, 'sessions');
  const handledFile = join(directory, 'handled');
  await writeFile(handledFile, '');
  const ending = new AbortController();
  const channels = new Map<string, string[]>(GUILD_IDS.map((id) => [id, []]));
  const sent = SHARDS.map(() => 0);
  let count = 0;
  return {
    gateway,
    sessions,
    sent,
    channels,
    /** Changes a guild, and sends a message to each shard. */
    send: (): void => {
      count += 1;
      const guildId = GUILD_IDS[count % GUILD_IDS.length]!;
      const to = { shardId: shardOf(guildId) };
      const known = channels.get(guildId)!;
      if (count % 3 === 0 && known.length > 0)
        gateway.dispatch('CHANNEL_DELETE', { id: known.shift(), guild_id: guildId }, to);
      else {
        known.push(`c${count}`);
        gateway.dispatch('CHANNEL_CREATE', { id: `c${count}`, guild_id: guildId, name: `channel ${count}` }, to);
      }
      for (const shardId of SHARDS)
        gateway.dispatch('MESSAGE_CREATE', { id: String((sent[shardId]! += 1)), content: '' }, { shardId });
    },
    start: async () => {
      const bot = spawn(process.execPath, [BOT, gateway.apiUrl, sessions, handledFile, String(workers)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        signal: ending.signal,
        killSignal: 'SIGKILL',
      });
      bot.on('error', () => undefined);
      const lines = createInterface({ input: bot.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('ready');
      return {
        bot,
        /** Resolves with what each shard knows after all that was sent. */
        ask: async (): Promise<Answer[]> => {
          const answers: Answer[] = [];
          for (const shardId of SHARDS) {
            gateway.dispatch('MESSAGE_CREATE', { id: '0', content: 'what' }, { shardId });
            answers.push(JSON.parse(String((await lines.next()).value)) as Answer);
          }
          return answers;
        },
      };
    },
    /** Returns the ids of the messages that were handled, by shard. */
    handled: async (): Promise<number[][]> => {
      const all = (await readFile(handledFile, 'utf8')).trimEnd().split('\n');
      return SHARDS.map((id) =>
        all.filter((line) => line.startsWith(`${id} `)).map((line) => Number(line.split(' ')[1])),
      );
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await gateway.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const known = (answers: readonly Answer[]): Map<string, string[]> => new Map(answers.at(-1)?.known);
const sorted = (channels: ReadonlyMap<string, string[]>): [string, string[]][] =>
  [...channels].map(([id, ids]): [string, string[]] => [id, ids.toSorted()]).toSorted(([a], [b]) => a.localeCompare(b));

describe('a restarted bot with warmStart', () => {
  test.each([0, 2])(
    'knows every guild and channel after SIGTERM, handles each message once, and never identifies again (%i workers)',
    { timeout: 120_000 },
    async (workers) => {
      await using kit = await createScenario(workers);
      const { gateway, sent, send, start, handled, channels, sessions } = kit;
      let { bot } = await start();
      for (let life = 1; life <= 2; life += 1) {
        const load = setInterval(send, 6);
        const until = gateway.stats.dispatched + 300;
        await gateway.waitUntil(({ stats }) => stats.dispatched > until);
        bot.kill('SIGTERM');
        expect(await once(bot, 'exit')).toEqual([0, null]);
        // These are sent to no one.
        send();
        const next = await start();
        clearInterval(load);
        send();
        const answers = await next.ask();
        expect(sorted(known(answers))).toEqual(sorted(channels));
        expect(answers.map(({ restored }) => restored)).toEqual([8, 8]);
        bot = next.bot;
      }
      bot.kill('SIGTERM');
      await once(bot, 'exit');
      expect(await handled()).toEqual(sent.map(upTo));
      expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 4, violations: [] });
      expect((await readdir(sessions)).filter((name) => name.endsWith('.guilds'))).toEqual([
        'shard-0.guilds',
        'shard-1.guilds',
      ]);
    },
  );

  test.each([0, 2])(
    'knows every guild and channel after SIGKILL at any moment, and never identifies again (%i workers)',
    { timeout: 120_000 },
    async (workers) => {
      await using kit = await createScenario(workers);
      const { gateway, sent, send, start, handled, channels } = kit;
      let { bot } = await start();
      for (let life = 1; life <= 3; life += 1) {
        const load = setInterval(send, 6);
        const startedAt = performance.now();
        // Each time at another point of the second after which a session is written.
        await gateway.waitUntil(() => performance.now() - startedAt > 700 + life * 290);
        bot.kill('SIGKILL');
        await once(bot, 'exit');
        const next = await start();
        clearInterval(load);
        send();
        const answers = await next.ask();
        expect(sorted(known(answers))).toEqual(sorted(channels));
        bot = next.bot;
      }
      bot.kill('SIGTERM');
      await once(bot, 'exit');
      for (const [shardId, ids] of (await handled()).entries())
        expect([...new Set(ids)].toSorted((one, other) => one - other)).toEqual(upTo(sent[shardId]!));
      expect(gateway.stats).toMatchObject({ identifies: 2, violations: [] });
    },
  );
});
