/** A FakeGateway with a user, Ann, who writes messages and prints the answers of the bot. */
import { FakeGateway } from '../../src/testing/index.ts'; // in your project: from 'shardwright/testing'
import type { FakeGatewayOptions, FakeRest } from '../../src/testing/index.ts';

export type FakeDiscordOptions = Omit<FakeGatewayOptions, 'rest'>;

/** The fields that every message has. */
const MESSAGE = {
  timestamp: '2026-01-01T00:00:00.000Z',
  edited_timestamp: null,
  tts: false,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: [],
  pinned: false,
  type: 0,
};

const userWith = (id: string, username: string): object => ({
  id,
  username,
  discriminator: '0',
  global_name: null,
  avatar: null,
});

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
      return { body: { ...MESSAGE, id: '1', channel_id: channelId, author: userWith('1', 'bot'), content } };
    };
    return new FakeDiscord(await FakeGateway.listen({ ...options, rest }), pendingAnswers);
  }

  /** Sends a message from Ann in a new channel of a guild. Resolves when the bot has answered in it. */
  async ask(content: string, guildId = '1'): Promise<void> {
    const channelId = String((this.#messages += 1));
    const answer = new Promise<string>((resolve) => this.#pendingAnswers.set(channelId, resolve));
    const author = userWith('2', 'Ann');
    console.log(`  Ann: ${content}`);
    const channel = { id: channelId, guild_id: guildId, type: 0, name: `channel-${channelId}` };
    this.gateway.dispatch('CHANNEL_CREATE', channel, { guildId });
    this.gateway.dispatch(
      'MESSAGE_CREATE',
      { ...MESSAGE, id: channelId, channel_id: channelId, guild_id: guildId, author, content },
      { guildId },
    );
    console.log(`  bot: ${await answer}`);
  }
}
