/** Makes guilds, channels, members and events for the demo's gateway. The same seed gives the same content. */
import type { FakeGuild } from '../../testing/index.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';

const GUILDS = [
  'Tide Pool',
  'Lantern Works',
  'Moss & Stone',
  'The Long Table',
  'Night Garden',
  'Paper Boats',
  'North Quay',
  'Kettle Club',
];
const CHANNELS = ['general', 'harbour', 'workshop', 'music', 'off-topic'];
const MEMBERS = [
  'otter',
  'heron',
  'badger',
  'wren',
  'marten',
  'newt',
  'osprey',
  'vole',
  'lynx',
  'plover',
  'stoat',
  'tern',
];
const OPENINGS = [
  'has anybody seen',
  'we should repair',
  'tonight is about',
  'I have finished',
  'who is bringing',
  'nobody touch',
];
const THINGS = [
  'the blue lantern',
  'the old map',
  'the tide tables',
  'that second kettle',
  'the long ladder',
  'my best rope',
];
const ENDINGS = ['', '?', '!', ', please', ' 🌊', ' at last'];
const STATUSES = ['online', 'idle', 'dnd', 'offline'];
const TIMESTAMP_SHIFT = 22n;
const EMOJIS = ['🌊', '🪵', '🫖', '🏮', '🦦'];

/** The intents for all of these events. */
export const INTENTS = [
  'Guilds',
  'GuildMessages',
  'GuildPresences',
  'GuildMessageTyping',
  'GuildMessageReactions',
  'GuildVoiceStates',
] as const;

interface GuildContent {
  readonly id: string;
  readonly channels: readonly string[];
  readonly members: readonly { id: string; username: string }[];
}

export interface FakeEvent {
  readonly t: string;
  readonly d: Readonly<Record<string, unknown>>;
}

type Make = (random: SeededRandom, guild: GuildContent, id: () => string) => Record<string, unknown>;

/** The events, each with how often it happens relative to the others. */
const EVENT_KINDS: Readonly<Record<string, { readonly weight: number; readonly make: Make }>> = {
  MESSAGE_CREATE: {
    weight: 9,
    make: (random, guild, id) => ({
      id: id(),
      channel_id: random.pick(guild.channels),
      guild_id: guild.id,
      author: random.pick(guild.members),
      content: `${random.pick(OPENINGS)} ${random.pick(THINGS)}${random.pick(ENDINGS)}`,
    }),
  },
  PRESENCE_UPDATE: {
    weight: 6,
    make: (random, guild) => ({
      guild_id: guild.id,
      user: { id: random.pick(guild.members).id },
      status: random.pick(STATUSES),
      activities: [],
    }),
  },
  TYPING_START: {
    weight: 5,
    make: (random, guild) => ({
      guild_id: guild.id,
      channel_id: random.pick(guild.channels),
      user_id: random.pick(guild.members).id,
    }),
  },
  MESSAGE_REACTION_ADD: {
    weight: 3,
    make: (random, guild, id) => ({
      guild_id: guild.id,
      channel_id: random.pick(guild.channels),
      message_id: id(),
      user_id: random.pick(guild.members).id,
      emoji: { id: null, name: random.pick(EMOJIS) },
    }),
  },
  VOICE_STATE_UPDATE: {
    weight: 1,
    make: (random, guild) => ({
      guild_id: guild.id,
      channel_id: random.pick(guild.channels),
      user_id: random.pick(guild.members).id,
    }),
  },
};

const WEIGHTED_KINDS = Object.entries(EVENT_KINDS).flatMap(([t, { weight, make }]) =>
  Array.from({ length: weight }, () => ({ t, make })),
);

/** Returns an id with the format of Discord's, from the n-th millisecond of the demo's time. */
const snowflake = (n: number, random: SeededRandom): string =>
  String(((300_000_000_000n + BigInt(n)) << TIMESTAMP_SHIFT) | BigInt(random.int(0, 0x3fffff)));

export class FakeContent {
  readonly guilds: readonly FakeGuild[];
  readonly #random: SeededRandom;
  readonly #guilds: readonly GuildContent[];
  #ids = 0;

  /** @param guilds - the number of guilds; with more guilds than names, names repeat */
  constructor(random: SeededRandom, guilds: number = GUILDS.length) {
    this.#random = random;
    const members = MEMBERS.map((username) => ({ id: this.#id(), username }));
    this.#guilds = Array.from({ length: guilds }, () => ({
      id: this.#id(),
      channels: CHANNELS.map(() => this.#id()),
      members: random.shuffled(members).slice(0, random.int(4, members.length)),
    }));
    this.guilds = this.#guilds.map(({ id, channels, members }, n) => ({
      id,
      name: GUILDS[n % GUILDS.length],
      member_count: members.length,
      members: members.map((user) => ({ user, roles: [] })),
      channels: channels.map((channel, index) => ({ id: channel, type: 0, name: CHANNELS[index] })),
    }));
  }

  /** Returns the next event. */
  next(): FakeEvent {
    const { t, make } = this.#random.pick(WEIGHTED_KINDS);
    return { t, d: make(this.#random, this.#random.pick(this.#guilds), () => this.#id()) };
  }

  #id(): string {
    this.#ids += 1;
    return snowflake(this.#ids, this.#random);
  }
}
