/**
 * Answers Request Guild Members.
 * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
 */
import type { Fields } from '../../protocol/validation.ts';
import { BOT_NAME, publicUser } from './bot-identity.ts';
import type { FakeMember } from './fake-types.ts';
import type { Ids } from './ids.ts';
import type { Settings } from './options.ts';
import type { ResponseDispatch } from './command-responses.ts';

const MAX_NONCE_BYTES = 32;
const MAX_MATCHES = 100;
const GUILD_PRESENCES = 1 << 8;

interface MembersRequest {
  readonly guildId: string;
  readonly query: string | null;
  readonly limit: number;
  readonly userIds: readonly string[] | null;
  readonly presences: boolean;
  readonly nonce: string | undefined;
}

/** Reads valid data. */
function parseRequest(d: Fields): MembersRequest {
  const { guild_id: guildId, query, limit, user_ids: userIds, presences, nonce } = d;
  const ids = Array.isArray(userIds) ? userIds.map(String) : null;
  return {
    guildId: String(guildId),
    query: ids === null ? String(query) : null,
    limit: Number(limit ?? 0),
    userIds: ids,
    presences: presences === true,
    // Discord ignores a nonce that is too long.
    nonce: typeof nonce === 'string' && Buffer.byteLength(nonce) <= MAX_NONCE_BYTES ? nonce : undefined,
  };
}

export class Members {
  readonly #settings: Settings;
  readonly #ids: Ids;
  readonly #allRequestedAt = new Map<string, number>();

  readonly #bot: FakeMember;

  constructor(settings: Settings, ids: Ids, { userId }: { readonly userId: string }) {
    this.#settings = settings;
    this.#ids = ids;
    this.#bot = { user: { ...publicUser(userId, BOT_NAME, true), id: userId, username: BOT_NAME } };
  }

  /** The bot as a member, complete. */
  get bot(): FakeMember {
    return withDefaults(this.#bot);
  }

  /** Returns how many members a guild has, the bot included. */
  countOf(guildId: string): number {
    const { guildMembers } = this.#settings;
    if (typeof guildMembers === 'number') return Math.max(1, guildMembers);
    const members = guildMembers[guildId] ?? [];
    return members.length + (members.some(({ user }) => user.id === this.#bot.user.id) ? 0 : 1);
  }

  /** Returns the dispatches that answer a valid request. */
  responses(d: Fields, intents: number): ResponseDispatch[] {
    const request = parseRequest(d);
    const nonce = request.nonce === undefined ? {} : { nonce: request.nonce };
    if (request.query === '' && request.limit === 0) {
      const waitMs = this.#reserveFullRequest(request.guildId);
      if (waitMs > 0) {
        const meta = { guild_id: request.guildId, ...nonce };
        return [{ t: 'RATE_LIMITED', d: { opcode: 8, retry_after: Math.ceil(waitMs) / 1000, meta } }];
      }
    }
    const found = this.#find(request);
    const size = this.#settings.membersChunkSize;
    const count = Math.max(1, Math.ceil(found.length / size));
    const missing = request.userIds?.filter((id) => !found.some(({ user }) => user.id === id));
    return Array.from({ length: count }, (_, index) => {
      const members = found.slice(index * size, (index + 1) * size);
      // Without the intent GuildPresences the list stays empty.
      const visible = (intents & GUILD_PRESENCES) === 0 ? [] : members;
      return {
        t: 'GUILD_MEMBERS_CHUNK',
        d: {
          guild_id: request.guildId,
          members: members.map(withDefaults),
          chunk_index: index,
          chunk_count: count,
          ...(missing !== undefined && missing.length > 0 ? { not_found: missing } : {}),
          ...(request.presences ? { presences: visible.map((member) => presenceOf(request.guildId, member)) } : {}),
          ...nonce,
        },
      };
    });
  }

  /**
   * Reserves a request for all members of a guild. Returns how many ms are left to wait, or 0 and less if it may run.
   */
  #reserveFullRequest(guildId: string): number {
    const now = this.#settings.clock.now();
    const waitMs = (this.#allRequestedAt.get(guildId) ?? -Infinity) + this.#settings.membersIntervalMs - now;
    if (waitMs <= 0) this.#allRequestedAt.set(guildId, now);
    return waitMs;
  }

  #find({ guildId, userIds, query, limit }: MembersRequest): readonly FakeMember[] {
    const all = this.#membersOf(guildId);
    if (userIds !== null) return all.filter(({ user }) => userIds.includes(user.id));
    const prefix = (query ?? '').toLowerCase();
    if (prefix === '' && limit === 0) return all;
    const matches = all.filter(({ user, nick }) =>
      [user.username, nick ?? user.username].some((name) => name.toLowerCase().startsWith(prefix)),
    );
    return matches.slice(0, limit === 0 ? MAX_MATCHES : limit);
  }

  #membersOf(guildId: string): readonly FakeMember[] {
    const { guildMembers } = this.#settings;
    if (typeof guildMembers !== 'number') return guildMembers[guildId] ?? [];
    // The last one is the bot.
    return this.#ids
      .snowflakes(`members of ${guildId}`, guildMembers)
      .map((id, n) => (n === guildMembers - 1 ? this.#bot : { user: { id, username: `member-${n}` } }));
  }
}

const withDefaults = (member: FakeMember): FakeMember => ({
  nick: null,
  avatar: null,
  banner: null,
  roles: [],
  premium_since: null,
  pending: false,
  communication_disabled_until: null,
  joined_at: '2024-01-01T00:00:00.000000+00:00',
  deaf: false,
  mute: false,
  flags: 0,
  ...member,
  user: { discriminator: '0', global_name: null, avatar: null, ...member.user },
});

const presenceOf = (guildId: string, { user }: FakeMember): unknown => ({
  user: { id: user.id },
  guild_id: guildId,
  status: 'online',
  activities: [],
  client_status: { desktop: 'online' },
});
