/** The Client of discordx extends that of discord.js and changes nothing about the gateway, so one test is enough. */
import { Client } from 'discordx';
import { Events } from 'discord.js';
import { expect, test } from 'vitest';
import { GUILD, liveClient, messageData, nextClientEvent } from './live-client.ts';

test('the Client of discordx logs in, and emits a message from the time in which its connection was lost', async () => {
  await using kit = await liveClient({ create: (options) => new Client({ ...options, silent: true }) });
  const { client, gateway } = kit;
  await kit.login();
  const arrived = nextClientEvent(client, Events.MessageCreate);
  gateway.connections[0]!.terminate();
  gateway.dispatch('MESSAGE_CREATE', messageData(101), { guildId: GUILD });
  const [message] = await arrived;
  await message.reply('pong');

  expect(client).toBeInstanceOf(Client);
  expect(kit.restCalls).toMatchObject([{ body: { content: 'pong', message_reference: { message_id: '101' } } }]);
  expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
});
