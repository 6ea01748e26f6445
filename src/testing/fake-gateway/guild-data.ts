/**
 * A made-up guild with every documented field. Client libraries read all of them, and fail where one is missing.
 * @see https://discord.com/developers/docs/events/gateway-events#guild-create
 */
import type { FakeGuild } from './fake-types.ts';
import type { Ids } from './ids.ts';

interface GuildFacts {
  readonly ownerId: string;
  /** The bot as a member. */
  readonly bot: unknown;
  readonly memberCount: number;
}

const JOINED_AT = '2024-01-01T00:00:00.000000+00:00';
/** The default of `large_threshold`. */
const LARGE_ABOVE = 50;
/** What everybody may do in a new guild. */
const DEFAULT_PERMISSIONS = '2248473465835073';

const everyone = (guildId: string): unknown => ({
  id: guildId,
  name: '@everyone',
  description: null,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  hoist: false,
  icon: null,
  unicode_emoji: null,
  position: 0,
  permissions: DEFAULT_PERMISSIONS,
  managed: false,
  mentionable: false,
  flags: 0,
});

const channel = (id: string, type: number, name: string, more: object): unknown => ({
  id,
  type,
  name,
  position: 0,
  flags: 0,
  parent_id: null,
  nsfw: false,
  rate_limit_per_user: 0,
  permission_overwrites: [],
  last_message_id: null,
  ...more,
});

export const guildData = (id: string, ids: Ids, { ownerId, bot, memberCount }: GuildFacts): FakeGuild => ({
  id,
  name: `Guild ${id}`,
  icon: null,
  icon_hash: null,
  splash: null,
  discovery_splash: null,
  banner: null,
  description: null,
  owner_id: ownerId,
  application_id: null,
  region: 'deprecated',
  afk_channel_id: null,
  afk_timeout: 300,
  widget_enabled: false,
  widget_channel_id: null,
  verification_level: 0,
  default_message_notifications: 0,
  explicit_content_filter: 0,
  mfa_level: 0,
  nsfw: false,
  nsfw_level: 0,
  premium_tier: 0,
  premium_subscription_count: 0,
  premium_progress_bar_enabled: false,
  preferred_locale: 'en-US',
  system_channel_id: null,
  system_channel_flags: 0,
  rules_channel_id: null,
  public_updates_channel_id: null,
  safety_alerts_channel_id: null,
  vanity_url_code: null,
  max_presences: null,
  max_members: 500_000,
  max_video_channel_users: 25,
  max_stage_video_channel_users: 50,
  incidents_data: null,
  joined_at: JOINED_AT,
  large: memberCount > LARGE_ABOVE,
  unavailable: false,
  member_count: memberCount,
  features: [],
  roles: [everyone(id)],
  emojis: [],
  stickers: [],
  members: [bot],
  channels: [
    channel(ids.snowflake(`text channel of ${id}`), 0, 'general', { topic: null }),
    channel(ids.snowflake(`voice channel of ${id}`), 2, 'General', {
      bitrate: 64_000,
      user_limit: 0,
      rtc_region: null,
    }),
  ],
  threads: [],
  presences: [],
  voice_states: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: [],
});
