/** A bot of seyfert on a manager. */
import { ApiHandler, Client, createEvent } from 'seyfert';
import type { ClientEvent } from 'seyfert';
import { seyfertGateway } from '../../src/seyfert/index.ts';
import { CHANNEL } from '../kit/bot-world.ts';
import type { FrameworkBot, FrameworkBotOptions } from '../kit/framework-conformance.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

export function seyfertClient({ manager, gateway, onMessage, onReady }: FrameworkBotOptions) {
  const client = new Client({ getRC: () => ({ token: TOKEN, locations: { base: '' } }) });
  const domain = gateway.apiUrl.replace('/api/v10', '');
  client.setServices({
    gateway: seyfertGateway(manager),
    rest: new ApiHandler({ token: TOKEN, domain }),
  });
  const events = [
    createEvent({ data: { name: 'botReady' }, run: onReady }),
    createEvent({ data: { name: 'messageCreate' }, run: ({ id }) => onMessage(id) }),
  ];
  // Bots have a file for each event, which seyfert loads.
  client.events.set(events as unknown as ClientEvent[]);
  return { client };
}

export function seyfertFrameworkBot(options: FrameworkBotOptions): FrameworkBot {
  const { client } = seyfertClient(options);
  return {
    start: () => client.start(),
    // A Client of seyfert cannot stop.
    stop: () => options.manager.disconnect(),
    get userName() {
      return client.me?.username ?? null;
    },
    async reply(_messageId, content) {
      await client.messages.write(CHANNEL, { content });
    },
    async fetchMembers(guildId) {
      const shard = client.gateway.get(client.gateway.calculateShardId(guildId))!;
      const { members } = await shard.requestGuildMember({ guild_id: guildId, query: '', limit: 0 });
      return members.length;
    },
    setStatus: (status) =>
      client.gateway.setPresence({ status: status as never, activities: [], since: null, afk: false }),
    joinVoice: (guildId, channelId) =>
      client.gateway.joinVoice(guildId, channelId, { self_deaf: true, self_mute: false }),
    leaveVoice: (guildId) => client.gateway.leaveVoice(guildId),
    shardIdOf: (guildId) => client.gateway.calculateShardId(guildId),
    get shardIds() {
      return [...client.gateway.keys()];
    },
    get latency() {
      return Number.isFinite(client.latency) ? client.latency : null;
    },
  };
}
