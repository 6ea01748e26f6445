/** The Client of discordx extends that of discord.js and changes nothing about the gateway, so one test is enough. */
import { Client } from 'discordx';
import { Events } from 'discord.js';
import { expect, test } from 'vitest';
import { GUILD, messageData } from '../kit/bot-world.ts';
import { liveClient, nextClientEvent } from './live-client.ts';
import type { CreateClient } from './live-client.ts';

type Options = ConstructorParameters<typeof Client>[0];

test('the Client of discordx logs in, and emits a message from the time in which its connection was lost', async () => {
  // Sapphire adds a logger to the type of every Client, which is another than that of discordx.
  const create = ((options: object) => new Client({ ...options, silent: true } as Options)) as unknown as CreateClient;
  await using kit = await liveClient({ create });
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
