/** A Client of discord.js, or of a framework on it, that shardwright connects to a strict FakeGateway. */
import { LogLevel, SapphireClient } from '@sapphire/framework';
import { Client, Events, GatewayIntentBits } from 'discord.js';
import type { ClientEvents, ClientOptions, Message } from 'discord.js';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import type { ShardingStrategyOptions, ShardwrightStrategy } from '../../src/discordjs/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions, OracleRule } from '../../src/testing/index.ts';
import { GUILD, GUILDS, messageData, recordingRest } from '../kit/bot-world.ts';
import type { RestCall } from '../kit/bot-world.ts';
import { expectNoViolations } from '../kit/expect-no-violations.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

export type CreateClient = (options: ClientOptions) => Client;

/** The unmodified classes from npm. Sapphire must not look for commands in this repository. */
export const CLIENTS: Readonly<Record<string, CreateClient>> = {
  'the Client of discord.js': (options) => new Client(options),
  'the SapphireClient of @sapphire/framework': (options) =>
    new SapphireClient({ ...options, baseUserDirectory: null, logger: { level: LogLevel.None } }),
};

interface Setup {
  readonly create?: CreateClient;
  readonly strategy?: ShardingStrategyOptions;
  readonly client?: Partial<ClientOptions>;
  readonly gateway?: FakeGatewayOptions;
  /** The rules that the test breaks itself. */
  readonly broken?: readonly OracleRule[];
}

/** Returns a client that is not logged in. */
function clientOn(gateway: FakeGateway, { create = CLIENTS['the Client of discord.js']!, ...setup }: Setup) {
  const strategies: ShardwrightStrategy[] = [];
  const buildStrategy = shardingStrategy({ timing: QUICK, ...setup.strategy });
  const client = create({
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMembers,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.MessageContent,
    ],
    rest: { api: gateway.apiUrl.replace('/v10', ''), retries: 0 },
    ...setup.client,
    ws: {
      ...setup.client?.ws,
      buildStrategy: (ws) => {
        const strategy = buildStrategy(ws);
        strategies.push(strategy);
        return strategy;
      },
    },
  });
  return {
    client,
    /** The strategy of the last login. */
    get strategy() {
      return strategies.at(-1)!;
    },
    /** Logs in. Resolves when the client is ready. */
    async login(): Promise<void> {
      const ready = nextClientEvent(client, Events.ClientReady);
      await client.login(TOKEN);
      await ready;
    },
    /** Dispatches a message. Resolves when the client has emitted it. */
    sendMessage(id: number): Promise<Message> {
      const arrived = nextMessage(client, id);
      gateway.dispatch('MESSAGE_CREATE', messageData(id), { guildId: GUILD });
      return arrived;
    },
    async [Symbol.asyncDispose]() {
      await client.destroy();
      // discord.js destroys a client only once.
      for (const { manager } of strategies) await manager.disconnect();
    },
  };
}

/** Returns a client that is not logged in, with a gateway of its own. */
export async function liveClient(setup: Setup = {}) {
  const restCalls: RestCall[] = [];
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
    sessionStartLimit: { maxConcurrency: 16 },
    readyGuilds: GUILDS,
    strict: true,
    rest: recordingRest(restCalls),
    ...setup.gateway,
  });
  const kit = clientOn(gateway, setup);
  const disposeClient = kit[Symbol.asyncDispose];
  return Object.assign(kit, {
    gateway,
    restCalls,
    /** Returns another client on the gateway, as another process has one. */
    another: (strategy: ShardingStrategyOptions) => clientOn(gateway, { ...setup, strategy }),
    async [Symbol.asyncDispose]() {
      await disposeClient();
      await gateway.close();
      expectNoViolations(gateway.complaints, setup.broken ?? []);
    },
  });
}

/** Resolves with the message of this id. */
export const nextMessage = (client: Client, id: number): Promise<Message> =>
  new Promise((resolve) => {
    const listener = (message: Message): void => {
      if (message.id !== String(id)) return;
      client.off(Events.MessageCreate, listener);
      resolve(message);
    };
    client.on(Events.MessageCreate, listener);
  });

/** Resolves with the arguments of the next event of a client. */
export const nextClientEvent = <Name extends keyof ClientEvents>(
  client: Client,
  name: Name,
): Promise<ClientEvents[Name]> =>
  new Promise((resolve) => {
    client.once(name, (...args) => resolve(args));
  });
