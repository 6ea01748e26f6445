/** The data that a test gives to a fake gateway or reads from it: guilds, members, REST requests, close frames. */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * A guild of the bot. Only the id is required; the gateway makes up every other field of GUILD_CREATE.
 * @see https://discord.com/developers/docs/events/gateway-events#guild-create
 */
export interface FakeGuild {
  /** A snowflake. It decides which shard the guild belongs to. */
  readonly id: string;
  readonly [field: string]: unknown;
}

/**
 * A guild member. The gateway makes up the fields you leave out.
 * @see https://discord.com/developers/docs/resources/guild#guild-member-object
 */
export interface FakeMember {
  /** The user. Request Guild Members compares its query with the beginning of `username` and `nick`. */
  readonly user: { readonly id: string; readonly username: string; readonly [field: string]: unknown };
  readonly nick?: string | null;
  readonly [field: string]: unknown;
}

/** A close frame that the client sent. */
export interface CloseFrame {
  /** The close code; 1005 when the frame carried none. */
  readonly code: number;
  /** The reason; empty when the frame carried none. */
  readonly reason: string;
}

/** A request to {@link FakeGateway.apiUrl}, for example a message that the bot sends. */
export interface FakeRestRequest {
  /** The HTTP method, such as `POST`. */
  readonly method: string;
  /** The path below `apiUrl`, without the query: `/channels/7/messages`. */
  readonly path: string;
  /** The query of the URL. */
  readonly query: URLSearchParams;
  /** The headers of the request, with lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** The decoded body if it is JSON, otherwise its text; `null` when there is none. */
  readonly body: unknown;
}

/** The answer to a {@link FakeRestRequest}. */
export interface FakeRestReply {
  /**
   * The HTTP status.
   * @defaultValue 200, or 204 without a body
   */
  readonly status?: number;
  /**
   * The body, written as JSON.
   * @defaultValue no body
   */
  readonly body?: unknown;
}

/** Answers a REST request. `null` becomes 404; an error you throw becomes 500 with its message. */
export type FakeRest = (request: FakeRestRequest) => FakeRestReply | null | Promise<FakeRestReply | null>;
