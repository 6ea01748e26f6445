/**
 * The part of `fetch` that `GET /gateway/bot` needs, with an agent of our own: the `fetch` of Node can't use one. It
 * follows no redirect, which would take the token elsewhere.
 */
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { http } from '../../node-modules.ts';
import { ProxyAgent } from './proxy-agent.ts';
import type { SelectProxy } from './proxy-selection.ts';

function send(url: URL, agent: ProxyAgent | null, init: RequestInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : http.request)(url, {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      // Not the agent of the process, which may itself use a proxy.
      agent: agent ?? false,
      ...(init.signal instanceof AbortSignal ? { signal: init.signal } : {}),
    });
    request.once('response', resolve);
    request.on('error', reject);
    // Whatever comes of it, no connection to the proxy is left.
    request.once('close', () => agent?.destroy());
    init.signal?.addEventListener('abort', () => agent?.destroy(), { once: true });
    request.end();
  });
}

const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Returns a `fetch` whose requests go through the selected proxies; with `null` they go directly. */
export function createDirectFetch(selectProxy: SelectProxy | null): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = selectProxy?.(url) ?? null;
    const agent = proxy === null ? null : new ProxyAgent(proxy, url);
    const response = await send(url, agent, init);
    const status = response.statusCode ?? 0;
    const headers = new Headers();
    for (const [name, values] of Object.entries(response.headersDistinct))
      for (const value of values ?? []) headers.append(name, value);
    if (NULL_BODY_STATUSES.has(status)) {
      response.resume();
      return new Response(null, { status, headers });
    }
    return new Response(Readable.toWeb(response) as ReadableStream<Uint8Array>, { status, headers });
  };
}
