/**
 * Something for the gateway to tell about: a few guilds with channels, members and things they say. All of it
 * comes from the dice, so that one seed is one world.
 */
import type { FakeGuild } from '../../testing/index.ts';
import type { Dice } from './dice.ts';

const GUILDS = ['Tide Pool', 'Lantern Works', 'Moss & Stone', 'The Long Table', 'Night Garden', 'Paper Boats', 'North Quay', 'Kettle Club'];
const CHANNELS = ['general', 'harbour', 'workshop', 'music', 'off-topic'];
const MEMBERS = ['otter', 'heron', 'badger', 'wren', 'marten', 'newt', 'osprey', 'vole', 'lynx', 'plover', 'stoat', 'tern'];
const OPENINGS = ['has anybody seen', 'we should repair', 'tonight is about', 'I have finished', 'who is bringing', 'nobody touch'];
const THINGS = ['the blue lantern', 'the old map', 'the tide tables', 'that second kettle', 'the long ladder', 'my best rope'];
const ENDINGS = ['', '?', '!', ', please', ' 🌊', ' at last'];
const STATUSES = ['online', 'idle', 'dnd', 'offline'];
const EMOJIS = ['🌊', '🪵', '🫖', '🏮', '🦦'];

/** To hear of all of it. */
export const INTENTS = ['Guilds', 'GuildMessages', 'GuildPresences', 'GuildMessageTyping', 'GuildMessageReactions', 'GuildVoiceStates'] as const;

interface Place {
  readonly id: string;
  readonly channels: readonly string[];
  readonly members: readonly { id: string; username: string }[];
}

export interface Happening {
  readonly t: string;
  readonly d: Readonly<Record<string, unknown>>;
}

type Make = (dice: Dice, place: Place, id: () => string) => Record<string, unknown>;

/** What can happen, and how often relative to the rest. */
const HAPPENINGS: Readonly<Record<string, { readonly weight: number; readonly make: Make }>> = {
  MESSAGE_CREATE: {
    weight: 9,
    make: (dice, place, id) => ({
      id: id(),
      channel_id: dice.pick(place.channels),
      guild_id: place.id,
      author: dice.pick(place.members),
      content: `${dice.pick(OPENINGS)} ${dice.pick(THINGS)}${dice.pick(ENDINGS)}`,
    }),
  },
  PRESENCE_UPDATE: {
    weight: 6,
    make: (dice, place) => ({ guild_id: place.id, user: { id: dice.pick(place.members).id }, status: dice.pick(STATUSES), activities: [] }),
  },
  TYPING_START: {
    weight: 5,
    make: (dice, place) => ({ guild_id: place.id, channel_id: dice.pick(place.channels), user_id: dice.pick(place.members).id }),
  },
  MESSAGE_REACTION_ADD: {
    weight: 3,
    make: (dice, place, id) => ({
      guild_id: place.id,
      channel_id: dice.pick(place.channels),
      message_id: id(),
      user_id: dice.pick(place.members).id,
      emoji: { id: null, name: dice.pick(EMOJIS) },
    }),
  },
  VOICE_STATE_UPDATE: {
    weight: 1,
    make: (dice, place) => ({ guild_id: place.id, channel_id: dice.pick(place.channels), user_id: dice.pick(place.members).id }),
  },
};

const KINDS = Object.entries(HAPPENINGS).flatMap(([t, { weight, make }]) => Array.from({ length: weight }, () => ({ t, make })));

export class World {
  readonly guilds: readonly FakeGuild[];
  readonly #dice: Dice;
  readonly #places: readonly Place[];
  #moments = 0;

  /** @param guilds - how many; beyond the names there are, these come again */
  constructor(dice: Dice, guilds: number = GUILDS.length) {
    this.#dice = dice;
    const members = MEMBERS.map((username) => ({ id: this.#id(), username }));
    this.#places = Array.from({ length: guilds }, () => ({
      id: this.#id(),
      channels: CHANNELS.map(() => this.#id()),
      members: dice.shuffled(members).slice(0, dice.between(4, members.length)),
    }));
    this.guilds = this.#places.map(({ id, channels, members }, n) => ({
      id,
      name: GUILDS[n % GUILDS.length],
      member_count: members.length,
      members: members.map((user) => ({ user, roles: [] })),
      channels: channels.map((channel, place) => ({ id: channel, type: 0, name: CHANNELS[place] })),
    }));
  }

  /** The next thing that happens. */
  next(): Happening {
    const { t, make } = this.#dice.pick(KINDS);
    return { t, d: make(this.#dice, this.#dice.pick(this.#places), () => this.#id()) };
  }

  #id(): string {
    this.#moments += 1;
    return this.#dice.snowflake(this.#moments);
  }
}
