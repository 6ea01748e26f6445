/** Answers `GET /gateway/bot` of a manager through discord.js, so that its REST with its proxy and its limits is used. */
import { fieldsOf } from '../protocol/validation.ts';
import type { WsManagerLike } from './ws-manager.ts';

/** Discord's errors; `Response` does not accept every number. */
const isErrorStatus = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;

/**
 * Returns a function for the option `fetch` of a manager. The recommended shard count in the answer is the one that
 * discord.js runs, because discord.js can't follow another.
 */
export const gatewayBotFetch = (ws: WsManagerLike): typeof fetch =>
  async function fetchGatewayBot() {
    try {
      // Not from the cache of discord.js: its budget of session starts may be a day old.
      const info = await ws.fetchGatewayInformation(true);
      return Response.json({ ...info, shards: await ws.getShardCount() });
    } catch (error) {
      const { status, rawError } = fieldsOf(error);
      if (isErrorStatus(status)) return Response.json(rawError ?? null, { status });
      throw error;
    }
  };
