/**
 * Connects the examples to a fake Discord in this process, which needs neither a token nor a network. With `--live` they
 * use the real Discord, with the token in DISCORD_TOKEN. Your own bot does not need this file.
 */
import { FakeDiscord } from './fake-discord.ts';
import type { FakeDiscordOptions } from './fake-discord.ts';

export interface Discord extends AsyncDisposable {
  readonly token: string;
  /** The base of the REST API. */
  readonly api: string;
  /** The gateway, for an example without a ShardManager. */
  readonly gatewayUrl: string;
  /** With the fake Discord, runs the scenario. With the real one, waits for Ctrl-C. */
  runScenario(scenario: (fake: FakeDiscord) => Promise<void>): Promise<void>;
}

async function realDiscord(): Promise<Discord> {
  const { DISCORD_TOKEN: token = '' } = process.env;
  if (token === '') {
    console.error('--live needs the token of your bot in DISCORD_TOKEN, such as: DISCORD_TOKEN=… npm run …');
    process.exit(1);
  }
  return {
    token,
    api: 'https://discord.com/api/v10',
    gatewayUrl: 'wss://gateway.discord.gg',
    async runScenario() {
      console.log('Connected to Discord. Write "!ping" in a channel that the bot can see; press Ctrl-C to stop.');
      // These listeners stay: under `npm run` one Ctrl-C arrives twice, and the second must not kill the process.
      await new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, resolve);
      });
    },
    async [Symbol.asyncDispose]() {
      // There is nothing to close.
    },
  };
}

async function fakeDiscord(options: FakeDiscordOptions): Promise<Discord> {
  const fake = await FakeDiscord.open(options);
  console.log('Using a fake Discord in this process. Use --live for the real one.');
  return {
    token: options.token ?? 'any',
    api: fake.gateway.apiUrl,
    gatewayUrl: fake.gateway.url,
    runScenario: (scenario) => scenario(fake),
    [Symbol.asyncDispose]: () => fake.gateway.close(),
  };
}

export const openDiscord = ({ live, ...options }: FakeDiscordOptions & { live: boolean }): Promise<Discord> =>
  live ? realDiscord() : fakeDiscord(options);
