/** Reads the packets that the shard itself reacts to. Tolerant, because gateways other than Discord's leave fields out. */
import type { SessionIdentity } from '../../machines/index.ts';
import { isWebSocketUrl } from './gateway-url.ts';
import { isSnowflake } from './payload-rules.ts';
import { urlRefusal } from './trusted-url.ts';
import type { UrlTrust } from './trusted-url.ts';
import { fieldsOf, isCount, isDuration, isPositiveInteger } from './validation.ts';

/**
 * Returns the heartbeat interval of HELLO in ms, or `NaN` if it has none.
 * @see https://discord.com/developers/docs/events/gateway-events#hello
 */
export function heartbeatIntervalOf(d: unknown): number {
  const value = fieldsOf(d)['heartbeat_interval'];
  return typeof value === 'number' ? value : Number.NaN;
}

/**
 * Returns the session of READY, or `null` if it has no session id. Without a resume URL that can be trusted, RESUME
 * uses the main URL.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
export function sessionOf(d: unknown, trust: UrlTrust): SessionIdentity | null {
  const { session_id: sessionId, resume_gateway_url: url } = fieldsOf(d);
  if (typeof sessionId !== 'string' || sessionId === '') return null;
  return { sessionId, resumeUrl: typeof url === 'string' && urlRefusal(url, trust) === null ? url : trust.url };
}

/** Returns why the resume URL of READY is not that of its session; `null` if it is, or if READY has none. */
export function resumeUrlRefusal(d: unknown, { resumeUrl }: SessionIdentity, trust: UrlTrust): string | null {
  const { resume_gateway_url: url } = fieldsOf(d);
  return url !== resumeUrl && isWebSocketUrl(url) ? urlRefusal(url, trust) : null;
}

/** What a session keeps of a user or an application. It is written each second. */
const MAX_IDENTITY_LENGTH = 8_192;
const MAX_ID_LENGTH = 64;

/** A user or an application. */
interface Identity {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** Returns who the bot is, by READY. */
export function botOf(d: unknown): { readonly user?: Identity; readonly application?: Identity } {
  const { user, application } = fieldsOf(d);
  const [botUser, botApplication] = [identityOf(user), identityOf(application)];
  return {
    ...(botUser === null ? {} : { user: botUser }),
    ...(botApplication === null ? {} : { application: botApplication }),
  };
}

/** Returns the ids of the guilds that READY lists. */
export function guildIdsOf(d: unknown): string[] {
  const { guilds } = fieldsOf(d);
  return Array.isArray(guilds) ? guilds.map((guild) => fieldsOf(guild)['id']).filter(isSnowflake) : [];
}

/** Returns an object with an id, in the form that is stored with a session. A large one is reduced to its id. */
export function identityOf(value: unknown): Identity | null {
  const fields = fieldsOf(value);
  const { id } = fields;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) return null;
  try {
    return JSON.stringify(fields).length <= MAX_IDENTITY_LENGTH ? { ...fields, id } : { id };
  } catch {
    return { id };
  }
}

/** Returns the fields of RATE_LIMITED. @see https://discord.com/developers/docs/events/gateway-events#rate-limited */
export function rateLimitOf(d: unknown): { opcode: number; retryAfter: number; guildId?: string; nonce?: string } {
  const { opcode, retry_after: retryAfter, meta } = fieldsOf(d);
  const { guild_id: guildId, nonce } = fieldsOf(meta);
  return {
    opcode: typeof opcode === 'number' ? opcode : -1,
    retryAfter: isDuration(retryAfter) ? retryAfter : 0,
    ...(typeof guildId === 'string' ? { guildId } : {}),
    ...(typeof nonce === 'string' ? { nonce } : {}),
  };
}

/** One part of the answer to a request for members. */
export interface MembersChunk {
  readonly guildId: string;
  readonly index: number;
  readonly count: number;
  readonly members: readonly unknown[];
  readonly notFound: readonly string[];
  /** `null` if the request did not ask for them. */
  readonly presences: readonly unknown[] | null;
}

/** Returns the nonce of GUILD_MEMBERS_CHUNK; an empty string if it has none. */
export const nonceOf = (d: unknown): string => {
  const { nonce } = fieldsOf(d);
  return typeof nonce === 'string' ? nonce : '';
};

/**
 * Returns the fields of GUILD_MEMBERS_CHUNK, or `null` if its place among the chunks is not valid. A chunk that names
 * no place is the only one.
 * @see https://discord.com/developers/docs/events/gateway-events#guild-members-chunk
 */
export function membersChunkOf(d: unknown): MembersChunk | null {
  const { guild_id: guildId, chunk_index: index = 0, chunk_count: count = 1, ...lists } = fieldsOf(d);
  const { members, not_found: notFound, presences } = lists;
  if (!isCount(index) || !isPositiveInteger(count) || index >= count) return null;
  return {
    guildId: isId(guildId) ? String(guildId) : '',
    index,
    count,
    members: elementsOf(members),
    // Some gateways send ids as numbers, or one id without a list.
    notFound: elementsOf(isId(notFound) ? [notFound] : notFound)
      .filter(isId)
      .map(String),
    presences: Array.isArray(presences) ? elementsOf(presences) : null,
  };
}

const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

/** Returns the elements of a list without `null`; of any other value, none. */
const elementsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.filter((element) => element !== null) : [];
