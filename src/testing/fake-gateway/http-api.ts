/**
 * Serves the HTTP endpoints that gateway clients need to start. Other paths of the API go to the option `rest`.
 * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { botApplication, botUser } from './bot-identity.ts';
import type { BotIdentity } from './bot-identity.ts';
import { rejectForeign } from './upgrade-validation.ts';
import { acceptsToken } from './options.ts';
import type { Settings } from './options.ts';
import { apiPath, restReply } from './rest.ts';
import type { SessionStarts } from './session-starts.ts';

export interface HttpApiContext {
  readonly settings: Settings;
  readonly starts: SessionStarts;
  /** The main WebSocket URL. */
  readonly url: string;
  readonly identity: BotIdentity;
}

interface HttpReply {
  readonly status: number;
  readonly body: unknown;
}

type Endpoint = (context: HttpApiContext, request: IncomingMessage) => HttpReply;

/** Serves an endpoint to those who send the token. */
const authorized =
  (endpoint: (context: HttpApiContext) => unknown): Endpoint =>
  (context, { headers }) =>
    acceptsToken(context.settings, /^Bot (\S+)$/.exec(headers.authorization ?? '')?.[1])
      ? { status: 200, body: endpoint(context) }
      : { status: 401, body: { message: '401: Unauthorized', code: 0 } };

/** By the path below the base of the API. */
const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/gateway', ({ url }) => ({ status: 200, body: { url } })],
  [
    '/gateway/bot',
    authorized(({ settings, starts, url }) => ({
      url,
      shards: settings.shards,
      session_start_limit: starts.status(),
    })),
  ],
]);

/** What the option `rest` may answer in another way. */
const IDENTITY_ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/users/@me', authorized(({ identity }) => botUser(identity))],
  ['/oauth2/applications/@me', authorized(({ identity }) => botApplication(identity))],
  ['/applications/@me', authorized(({ identity }) => botApplication(identity))],
]);

const NOT_FOUND: HttpReply = { status: 404, body: { message: '404: Not Found', code: 0 } };

async function replyTo(context: HttpApiContext, request: IncomingMessage): Promise<HttpReply> {
  const rejection = rejectForeign(request);
  if (rejection !== null) return { status: rejection.status, body: { message: rejection.what, code: 0 } };
  const path = apiPath(request.url ?? '') ?? '';
  let endpoint = ENDPOINTS.get(path);
  if (endpoint === undefined) {
    const reply = await restReply(context.settings, request);
    if (reply !== null) return { status: reply.status ?? (reply.body === undefined ? 204 : 200), body: reply.body };
    endpoint = IDENTITY_ENDPOINTS.get(path);
    if (endpoint === undefined) return NOT_FOUND;
  }
  if (request.method !== 'GET') return { status: 405, body: { message: '405: Method Not Allowed', code: 0 } };
  return endpoint(context, request);
}

export async function serveHttp(
  context: HttpApiContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, body } = await replyTo(context, request);
    request.resume();
    response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(body === undefined ? undefined : JSON.stringify(body));
  } catch {
    // The client is gone, or the reply can't be serialized.
    response.destroy();
  }
}
