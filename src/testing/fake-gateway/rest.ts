/**
 * Passes REST requests of the bot to the test: a bot sends messages over REST, not over the gateway.
 * @see https://discord.com/developers/docs/reference#http-api
 */
import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../protocol/network-errors.ts';
import type { FakeRestReply } from './fake-types.ts';
import { acceptsToken } from './options.ts';
import type { Settings } from './options.ts';

/** The version of the API may be left out, as Discord allows. */
const API_PATH = /^\/api(?:\/v(?:9|10))?(\/[^?#]*)/;
const MAX_BODY_BYTES = 1 << 24;

/**
 * These paths carry their own token, so they need no `Authorization`.
 * @see https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints
 */
const OWN_TOKEN = /^\/(?:interactions|webhooks)\/\d+\/[^/]+/;

/** Returns `null` if the body is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read a long body to its end too: Node can't answer before that.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString();
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const errorReply = (status: number, what: string): FakeRestReply => ({
  status,
  body: { message: `${status}: ${what}`, code: 0 },
});

const ANOTHER_VERSION = /^\/v\d/;

/** Returns the path below the base of the API; `null` for another path. */
export const apiPath = (url: string): string | null => API_PATH.exec(url)?.[1] ?? null;

/** Returns the reply of the test; `null` when the option `rest` is missing or returns `null`. */
export async function restReply(settings: Settings, request: IncomingMessage): Promise<FakeRestReply | null> {
  const { rest } = settings;
  const { method = 'GET', url = '', headers } = request;
  const path = apiPath(url);
  if (rest === null || path === null || ANOTHER_VERSION.test(path)) return null;
  const { searchParams: query } = new URL(url, 'http://127.0.0.1');
  const isAuthorized =
    OWN_TOKEN.test(path) || acceptsToken(settings, /^Bot (\S+)$/.exec(headers.authorization ?? '')?.[1]);
  if (!isAuthorized) return errorReply(401, 'Unauthorized');
  const text = await readBody(request);
  if (text === null) return errorReply(413, 'Request Entity Too Large');
  try {
    return await rest({ method, path, query, headers, body: parseBody(text) });
  } catch (error) {
    return errorReply(500, messageOf(error));
  }
}
