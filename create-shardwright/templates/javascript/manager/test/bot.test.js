import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBot } from '../src/bot.js';
import { openFakeDiscord } from '../src/fake-discord.js';

test('The bot answers !ping with pong.', async (t) => {
  const answer = Promise.withResolvers();
  const discord = await openFakeDiscord(answer.resolve);
  t.after(() => discord.gateway.close());
  const bot = createBot(discord.options);
  t.after(() => bot.disconnect());
  await bot.connect();

  discord.say('!ping');

  assert.equal(await answer.promise, 'pong');
});

test('The bot answers a message that was sent while its connection was broken.', async (t) => {
  const answer = Promise.withResolvers();
  const discord = await openFakeDiscord(answer.resolve);
  t.after(() => discord.gateway.close());
  const bot = createBot(discord.options);
  t.after(() => bot.disconnect());
  await bot.connect();

  discord.gateway.connections[0]?.terminate();
  discord.say('!ping');

  assert.equal(await answer.promise, 'pong');
});
