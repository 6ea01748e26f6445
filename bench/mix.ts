/**
 * What the bench's gateway sends: a seeded mix of the events a busy bot lives on. The same seed gives the same bytes,
 * in any process and on any day.
 */
import { Dice } from './dice.ts';

/** Of 1,000 events. The rest are MESSAGE_CREATEs. */
const PRESENCES = 350;
const TYPINGS = 200;
/** One event in so many is a GUILD_CREATE. */
const GUILD_EVERY = 400;
const GUILD_LEAST_BYTES = 50_000;
const GUILD_MOST_BYTES = 300_000;

const TIME = '2026-01-15T12:34:56.789000+00:00';

export interface Message {
  readonly t: string;
  readonly s: number;
  /** The whole packet, in the order of keys Discord has. */
  readonly text: string;
}

const user = (dice: Dice): object => ({
  username: dice.word(),
  public_flags: dice.below(64),
  primary_guild: null,
  id: dice.id(),
  global_name: dice.words(12),
  display_name_styles: null,
  discriminator: '0',
  collectibles: null,
  clan: null,
  avatar_decoration_data: null,
  avatar: dice.hash(),
});

const member = (dice: Dice): object => ({
  roles: dice.times(1 + dice.below(6), () => dice.id()),
  premium_since: null,
  pending: false,
  nick: dice.words(10),
  mute: false,
  joined_at: TIME,
  flags: 0,
  deaf: false,
  communication_disabled_until: null,
  banner: null,
  avatar: null,
});

const message = (dice: Dice, guildId: string): object => ({
  type: 0,
  tts: false,
  timestamp: TIME,
  pinned: false,
  nonce: dice.id(),
  mentions: dice.times(dice.below(2), () => user(dice)),
  mention_roles: [],
  mention_everyone: false,
  member: member(dice),
  id: dice.id(),
  flags: 0,
  embeds: dice.times(dice.below(3) === 0 ? 1 : 0, () => ({ type: 'rich', title: dice.words(40), description: dice.words(300), color: dice.below(1 << 24) })),
  edited_timestamp: null,
  content: dice.words(100 + dice.below(700)),
  components: [],
  channel_type: 0,
  channel_id: CHANNEL,
  author: user(dice),
  attachments: [],
  guild_id: guildId,
});

const presence = (dice: Dice, guildId: string): object => ({
  user: { id: dice.id() },
  status: dice.pick(['online', 'idle', 'dnd', 'offline']),
  guild_id: guildId,
  client_status: { desktop: 'online' },
  activities: dice.times(dice.below(2) + 1, () => ({
    type: 0,
    timestamps: { start: 1_768_480_000_000 + dice.below(1_000_000) },
    state: dice.words(30),
    name: dice.words(20),
    id: dice.hash().slice(0, 16),
    details: dice.words(40),
    created_at: 1_768_480_000_000 + dice.below(1_000_000),
    assets: { large_image: dice.id(), large_text: dice.words(20) },
    application_id: dice.id(),
  })),
});

const typing = (dice: Dice, guildId: string): object => ({
  user_id: dice.id(),
  timestamp: 1_768_480_000 + dice.below(100_000),
  member: { ...member(dice), user: user(dice) },
  channel_id: CHANNEL,
  guild_id: guildId,
});

/** A channel of every guild that has been created, so that clients with a cache find it. */
const CHANNEL = '900000000000000001';
const OWNER = '900000000000000002';

const channel = (id: string, position: number): object => ({
  version: 0,
  type: 0,
  topic: null,
  rate_limit_per_user: 0,
  position,
  permission_overwrites: [],
  parent_id: null,
  name: `channel-${position}`,
  last_message_id: null,
  id,
  flags: 0,
});

const role = (dice: Dice, id: string, position: number): object => ({
  version: 0,
  unicode_emoji: null,
  tags: {},
  position,
  permissions: String(dice.below(2 ** 30)),
  name: dice.words(12),
  mentionable: false,
  managed: false,
  id,
  icon: null,
  hoist: false,
  flags: 0,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
});

function guild(dice: Dice, id: string, bytes: number): object {
  const members: object[] = [];
  const presences: object[] = [];
  for (let size = 0; size < bytes; ) {
    const someone = { ...member(dice), user: user(dice) };
    const seen = presence(dice, id);
    members.push(someone);
    presences.push(seen);
    size += JSON.stringify(someone).length + JSON.stringify(seen).length;
  }
  return {
    id,
    name: dice.words(20),
    icon: null,
    owner_id: OWNER,
    joined_at: TIME,
    large: true,
    unavailable: false,
    member_count: members.length,
    afk_timeout: 300,
    verification_level: 1,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw: false,
    nsfw_level: 0,
    premium_tier: 0,
    preferred_locale: 'en-US',
    system_channel_flags: 0,
    features: [],
    emojis: [],
    stickers: [],
    threads: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    roles: [role(dice, id, 0), ...dice.times(8, (n) => role(dice, dice.id(), n + 1))],
    channels: [channel(CHANNEL, 0), ...dice.times(20, (n) => channel(dice.id(), n + 1))],
    members,
    presences,
  };
}

/** @param firstSequence - of the first message; READY has the one before */
export function mix(count: number, seed: number, firstSequence = 2): Message[] {
  const dice = new Dice(seed);
  const guildId = dice.id();
  const kinds = (number: number): [string, object] => {
    if (number < PRESENCES) return ['PRESENCE_UPDATE', presence(dice, guildId)];
    if (number < PRESENCES + TYPINGS) return ['TYPING_START', typing(dice, guildId)];
    return ['MESSAGE_CREATE', message(dice, guildId)];
  };
  return Array.from({ length: count }, (_, n) => {
    const size = GUILD_LEAST_BYTES + dice.below(GUILD_MOST_BYTES - GUILD_LEAST_BYTES);
    const [t, d] = n % GUILD_EVERY === 0 ? (['GUILD_CREATE', guild(dice, guildId, size)] as const) : kinds(dice.below(1_000));
    const s = firstSequence + n;
    return { t, s, text: `{"t":"${t}","s":${s},"op":0,"d":${JSON.stringify(d)}}` };
  });
}
