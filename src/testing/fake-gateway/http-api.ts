/**
 * Serves the two HTTP endpoints that a gateway client needs. Other paths of the API go to the option `rest`.
 * @see https://discord.com/developers/docs/events/gateway#get-gateway-bot
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { rejectForeign } from './upgrade-validation.ts';
import { acceptsToken } from './options.ts';
import type { Settings } from './options.ts';
import { restReply } from './rest.ts';
import type { SessionStarts } from './session-starts.ts';

export interface HttpApiContext {
  readonly settings: Settings;
  readonly starts: SessionStarts;
  /** The main WebSocket URL. */
  readonly url: string;
}

interface HttpReply {
  readonly status: number;
  readonly body: unknown;
}

type Endpoint = (context: HttpApiContext, request: IncomingMessage) => HttpReply;

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/api/v10/gateway', ({ url }) => ({ status: 200, body: { url } })],
  [
    '/api/v10/gateway/bot',
    ({ settings, starts, url }, { headers }) =>
      acceptsToken(settings, /^Bot (\S+)$/.exec(headers.authorization ?? '')?.[1])
        ? { status: 200, body: { url, shards: settings.shards, session_start_limit: starts.status() } }
        : { status: 401, body: { message: '401: Unauthorized', code: 0 } },
  ],
]);

const NOT_FOUND: HttpReply = { status: 404, body: { message: '404: Not Found', code: 0 } };

async function replyTo(context: HttpApiContext, request: IncomingMessage): Promise<HttpReply> {
  const rejection = rejectForeign(request);
  if (rejection !== null) return { status: rejection.status, body: { message: rejection.what, code: 0 } };
  const endpoint = ENDPOINTS.get((request.url ?? '').split('?')[0] ?? '');
  if (endpoint === undefined) {
    const reply = await restReply(context.settings, request);
    return reply === null
      ? NOT_FOUND
      : { status: reply.status ?? (reply.body === undefined ? 204 : 200), body: reply.body };
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
