/** The answer of `GET /gateway/bot` as the manager gets it: what discord.js says, or why it failed. */
import { REST } from '@discordjs/rest';
import { WebSocketManager } from '@discordjs/ws';
import { describe, expect, test } from 'vitest';
import { gatewayBotFetch } from '../../src/discordjs/gateway-bot-fetch.ts';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const URL_ASKED = 'https://discord.com/api/v10/gateway/bot';

const wsFor = (api: string, options: object = {}): WebSocketManager =>
  new WebSocketManager({
    token: TOKEN,
    intents: 0,
    rest: new REST({ api: api.replace('/v10', ''), version: '10', retries: 0, timeout: 5_000 }).setToken(TOKEN),
    buildStrategy: shardingStrategy(),
    ...options,
  });

describe('gatewayBotFetch()', () => {
  test('answers with the shard count that discord.js runs, and a budget that is not from its cache', async () => {
    await using gateway = await FakeGateway.listen({ shards: 2 });
    const ws = wsFor(gateway.apiUrl, { shardCount: 6 });
    const cached = await ws.fetchGatewayInformation();
    const response = await gatewayBotFetch(ws)(URL_ASKED);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ...(await ws.fetchGatewayInformation()), shards: 6 });
    expect(await ws.fetchGatewayInformation()).not.toBe(cached);
  });

  test('answers with the status that Discord answered', async () => {
    await using gateway = await FakeGateway.listen({ token: 'another' });
    const response = await gatewayBotFetch(wsFor(gateway.apiUrl))(URL_ASKED);

    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: '401: Unauthorized', code: 0 });
  });

  test('rejects when Discord can’t be reached', async () => {
    const gateway = await FakeGateway.listen();
    await gateway.close();

    await expect(gatewayBotFetch(wsFor(gateway.apiUrl))(URL_ASKED)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('rejects with an error whose status is not one of HTTP', async () => {
    const ws = wsFor('http://127.0.0.1');
    const error = Object.assign(new Error('of a REST of others'), { status: 7 });
    ws.fetchGatewayInformation = () => Promise.reject(error);

    await expect(gatewayBotFetch(ws)(URL_ASKED)).rejects.toBe(error);
  });
});
