/** A FakeGateway with a user, Ann, who writes messages and prints the answers of the bot. */
import { FakeGateway } from '../../src/testing/index.ts'; // in your project: from 'shardwright/testing'
import type { FakeGatewayOptions, FakeRest } from '../../src/testing/index.ts';

export type FakeDiscordOptions = Omit<FakeGatewayOptions, 'rest'>;

const MESSAGES = /^\/channels\/(\d+)\/messages$/;

export class FakeDiscord {
  readonly gateway: FakeGateway;
  readonly #pendingAnswers: Map<string, (answer: string) => void>;
  #messages = 0;

  private constructor(gateway: FakeGateway, pendingAnswers: Map<string, (answer: string) => void>) {
    this.gateway = gateway;
    this.#pendingAnswers = pendingAnswers;
  }

  static async open(options: FakeDiscordOptions): Promise<FakeDiscord> {
    const pendingAnswers = new Map<string, (answer: string) => void>();
    const rest: FakeRest = ({ method, path, body }) => {
      const [, channelId = ''] = MESSAGES.exec(path) ?? [];
      if (method !== 'POST' || channelId === '') return null;
      const { content } = body as { content: string };
      pendingAnswers.get(channelId)?.(content);
      return { body: { id: '1', channel_id: channelId, content } };
    };
    return new FakeDiscord(await FakeGateway.listen({ ...options, rest }), pendingAnswers);
  }

  /** Sends a message from Ann in a new channel of a guild. Resolves when the bot has answered in it. */
  async ask(content: string, guildId = '1'): Promise<void> {
    const channelId = String((this.#messages += 1));
    const answer = new Promise<string>((resolve) => this.#pendingAnswers.set(channelId, resolve));
    const author = { id: '2', username: 'Ann', discriminator: '0', global_name: null, avatar: null };
    console.log(`  Ann: ${content}`);
    const channel = { id: channelId, guild_id: guildId, type: 0, name: `channel-${channelId}` };
    this.gateway.dispatch('CHANNEL_CREATE', channel, { guildId });
    this.gateway.dispatch(
      'MESSAGE_CREATE',
      { id: channelId, channel_id: channelId, guild_id: guildId, author, content },
      { guildId },
    );
    console.log(`  bot: ${await answer}`);
  }
}
