import { Events } from 'discord.js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createBot } from '../src/bot.js';
import { openFakeDiscord } from '../src/fake-discord.js';

test('The bot answers !ping with pong.', async (t) => {
  const answer = Promise.withResolvers();
  const discord = await openFakeDiscord(answer.resolve);
  t.after(() => discord.gateway.close());
  const bot = createBot(discord.options);
  t.after(() => bot.destroy());
  await Promise.all([once(bot, Events.ClientReady), bot.login(discord.options.token)]);

  discord.say('!ping');

  assert.equal(await answer.promise, 'pong');
});

test('The bot answers a message that was sent while its connection was broken.', async (t) => {
  const answer = Promise.withResolvers();
  const discord = await openFakeDiscord(answer.resolve);
  t.after(() => discord.gateway.close());
  const bot = createBot(discord.options);
  t.after(() => bot.destroy());
  await Promise.all([once(bot, Events.ClientReady), bot.login(discord.options.token)]);

  discord.gateway.connections[0]?.terminate();
  discord.say('!ping');

  assert.equal(await answer.promise, 'pong');
});
