/**
 * What the examples talk to: a fake Discord in this process, which needs neither token nor network; with `--live` the
 * real one, by the token in DISCORD_TOKEN. A bot of yours needs nothing of this.
 */
import { FakeDiscord } from './fake-discord.ts';
import type { FakeDiscordOptions } from './fake-discord.ts';

export interface Discord extends AsyncDisposable {
  readonly token: string;
  /** Base of the REST API. */
  readonly api: string;
  /** For a shard that has no manager to ask for it. */
  readonly gatewayUrl: string;
  /** At the fake Discord this plays the story, at the real one it lasts until Ctrl-C. */
  runScenario(scenario: (fake: FakeDiscord) => Promise<void>): Promise<void>;
}

async function realDiscord(): Promise<Discord> {
  const { DISCORD_TOKEN: token = '' } = process.env;
  if (token === '') {
    console.error('--live needs the token of a bot in DISCORD_TOKEN, as in: DISCORD_TOKEN=… npm run …');
    process.exit(1);
  }
  return {
    token,
    api: 'https://discord.com/api/v10',
    gatewayUrl: 'wss://gateway.discord.gg',
    async runScenario() {
      console.log('At Discord, until Ctrl-C. Write "!ping" in a channel that the bot can see.');
      // Never taken away: under `npm run` one Ctrl-C arrives twice, and the second must not end what the first began.
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
  console.log('At a fake Discord in this process, without token or network. `--live` is the real one.');
  return {
    token: 'any',
    api: fake.gateway.apiUrl,
    gatewayUrl: fake.gateway.url,
    runScenario: (scenario) => scenario(fake),
    [Symbol.asyncDispose]: () => fake.gateway.close(),
  };
}

export const openDiscord = ({ live, ...options }: FakeDiscordOptions & { live: boolean }): Promise<Discord> =>
  live ? realDiscord() : fakeDiscord(options);
