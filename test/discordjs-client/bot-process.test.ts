/** A bot of 20 lines as a process: how it ends, and what its user sees of errors. */
import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { BotProcess } from './bot-process.ts';
import { GUILD, GUILDS, messageData } from '../kit/bot-world.ts';

async function runningBot() {
  const gateway = await FakeGateway.listen({ token: TOKEN, readyGuilds: GUILDS, strict: true });
  const bot = new BotProcess([gateway.apiUrl.replace('/v10', '')]);
  await bot.line(/^logged in$/);
  return {
    bot,
    gateway,
    async [Symbol.asyncDispose]() {
      await bot.kill('SIGKILL');
      await gateway.close();
    },
  };
}

describe('a bot of discord.js on shardwright', () => {
  test('ends with 0 after destroy(): nothing keeps the process alive', async () => {
    await using kit = await runningBot();

    expect(await kit.bot.kill('SIGTERM')).toEqual({ code: 0, stderr: '' });
    expect(kit.gateway.history[0]?.closedWith).toMatchObject({ code: 1000 });
    expect(kit.gateway.complaints).toEqual([]);
  });

  test('ends with the error that its listener threw, as with the strategy of discord.js', async () => {
    await using kit = await runningBot();
    await kit.bot.line(/^ready/);
    kit.gateway.dispatch('MESSAGE_CREATE', { ...messageData(101), content: 'throw' }, { guildId: GUILD });
    const { code, stderr } = await kit.bot.exited;

    expect(code).toBe(1);
    expect(stderr).toContain('Error: a bug of the bot');
  });

  test('ends with 1 and says why when Discord no longer accepts its token', async () => {
    await using kit = await runningBot();
    kit.gateway.connections[0]!.close(4004, 'Authentication failed.');
    const { code, stderr } = await kit.bot.exited;

    expect(code).toBe(1);
    expect(stderr).toMatch(/^shardwright: the manager failed\. AUTHENTICATION_FAILED: .*\n$/);
    expect(stderr).not.toContain(TOKEN);
  });
});
