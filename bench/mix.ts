/**
 * Makes the dispatches that the bench's gateway sends: mixes like those of a busy bot. The same seed gives the same
 * bytes in every process.
 */
import { PayloadRandom } from './payload-random.ts';

/** Of 1,000 events; the rest are MESSAGE_CREATEs. */
const PRESENCES = 350;
const TYPINGS = 200;
/**
 * The mixes, by how many events there are for each GUILD_CREATE. Its text costs as much as that of 100 to 300 other
 * events, so a mix with more of them measures something else: `startup` is a bot that has just identified.
 */
export const MIXES = { chat: null, usual: 2_500, startup: 50 } as const satisfies Record<string, number | null>;
export type MixName = keyof typeof MIXES;
export const DEFAULT_MIX: MixName = 'usual';
export const MIX_NAMES = Object.keys(MIXES) as MixName[];

/** The sequence of READY is the one before. */
const FIRST_SEQUENCE = 2;
const GUILD_MIN_BYTES = 50_000;
const GUILD_MAX_BYTES = 300_000;

const TIME = '2026-01-15T12:34:56.789000+00:00';

export interface Message {
  readonly t: string;
  readonly s: number;
  /** The whole packet, with the keys in Discord's order. */
  readonly text: string;
}

const user = (random: PayloadRandom): object => ({
  username: random.word(),
  public_flags: random.below(64),
  primary_guild: null,
  id: random.snowflake(),
  global_name: random.words(12),
  display_name_styles: null,
  discriminator: '0',
  collectibles: null,
  clan: null,
  avatar_decoration_data: null,
  avatar: random.hash(),
});

const member = (random: PayloadRandom): object => ({
  roles: random.times(1 + random.below(6), () => random.snowflake()),
  premium_since: null,
  pending: false,
  nick: random.words(10),
  mute: false,
  joined_at: TIME,
  flags: 0,
  deaf: false,
  communication_disabled_until: null,
  banner: null,
  avatar: null,
});

const message = (random: PayloadRandom, guildId: string): object => ({
  type: 0,
  tts: false,
  timestamp: TIME,
  pinned: false,
  nonce: random.snowflake(),
  mentions: random.times(random.below(2), () => user(random)),
  mention_roles: [],
  mention_everyone: false,
  member: member(random),
  id: random.snowflake(),
  flags: 0,
  embeds: random.times(random.below(3) === 0 ? 1 : 0, () => ({
    type: 'rich',
    title: random.words(40),
    description: random.words(300),
    color: random.below(1 << 24),
  })),
  edited_timestamp: null,
  content: random.words(100 + random.below(700)),
  components: [],
  channel_type: 0,
  channel_id: CHANNEL,
  author: user(random),
  attachments: [],
  guild_id: guildId,
});

const presence = (random: PayloadRandom, guildId: string): object => ({
  user: { id: random.snowflake() },
  status: random.pick(['online', 'idle', 'dnd', 'offline']),
  guild_id: guildId,
  client_status: { desktop: 'online' },
  activities: random.times(random.below(2) + 1, () => ({
    type: 0,
    timestamps: { start: 1_768_480_000_000 + random.below(1_000_000) },
    state: random.words(30),
    name: random.words(20),
    id: random.hash().slice(0, 16),
    details: random.words(40),
    created_at: 1_768_480_000_000 + random.below(1_000_000),
    assets: { large_image: random.snowflake(), large_text: random.words(20) },
    application_id: random.snowflake(),
  })),
});

const typing = (random: PayloadRandom, guildId: string): object => ({
  user_id: random.snowflake(),
  timestamp: 1_768_480_000 + random.below(100_000),
  member: { ...member(random), user: user(random) },
  channel_id: CHANNEL,
  guild_id: guildId,
});

/** A channel that every guild has, so that clients with a cache find it. */
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

const role = (random: PayloadRandom, id: string, position: number): object => ({
  version: 0,
  unicode_emoji: null,
  tags: {},
  position,
  permissions: String(random.below(2 ** 30)),
  name: random.words(12),
  mentionable: false,
  managed: false,
  id,
  icon: null,
  hoist: false,
  flags: 0,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
});

function guild(random: PayloadRandom, id: string, bytes: number): object {
  const members: object[] = [];
  const presences: object[] = [];
  for (let size = 0; size < bytes;) {
    const guildMember = { ...member(random), user: user(random) };
    const memberPresence = presence(random, id);
    members.push(guildMember);
    presences.push(memberPresence);
    size += JSON.stringify(guildMember).length + JSON.stringify(memberPresence).length;
  }
  return {
    id,
    name: random.words(20),
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
    roles: [role(random, id, 0), ...random.times(8, (n) => role(random, random.snowflake(), n + 1))],
    channels: [channel(CHANNEL, 0), ...random.times(20, (n) => channel(random.snowflake(), n + 1))],
    members,
    presences,
  };
}

/** Returns `count` messages. Their sequences follow that of READY. */
export function mix(count: number, seed: number, name: MixName = DEFAULT_MIX): Message[] {
  const random = new PayloadRandom(seed);
  const guildId = random.snowflake();
  const guildEvery = MIXES[name];
  const kinds = (number: number): [string, object] => {
    if (number < PRESENCES) return ['PRESENCE_UPDATE', presence(random, guildId)];
    if (number < PRESENCES + TYPINGS) return ['TYPING_START', typing(random, guildId)];
    return ['MESSAGE_CREATE', message(random, guildId)];
  };
  return Array.from({ length: count }, (_, n) => {
    const size = GUILD_MIN_BYTES + random.below(GUILD_MAX_BYTES - GUILD_MIN_BYTES);
    const isGuild = guildEvery !== null && n % guildEvery === 0;
    const [t, d] = isGuild ? (['GUILD_CREATE', guild(random, guildId, size)] as const) : kinds(random.below(1_000));
    const s = FIRST_SEQUENCE + n;
    return { t, s, text: `{"t":"${t}","s":${s},"op":0,"d":${JSON.stringify(d)}}` };
  });
}
