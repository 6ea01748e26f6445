/** How to test your bot without Discord, on a fake gateway with a real socket. Run `npm run example:test`. */
import { describe, expect, test } from 'vitest';
import { FakeGateway } from '../src/testing/index.ts'; // in your project: from 'shardwright/testing'
import { pingPong, restSender } from './ping-pong.ts';

const PING = { id: '1', channel_id: '7', content: '!ping', author: { id: '2' } };

describe('the ping-pong bot', () => {
  test('answers !ping with pong over REST', async () => {
    const { promise: answer, resolve } = Promise.withResolvers();
    await using gateway = await FakeGateway.listen({
      token: 'secret',
      rest: ({ method, path, body }) => {
        resolve([method, path, body]);
        return { body: { id: '8' } };
      },
    });
    await using bot = pingPong({ token: 'secret', url: gateway.url }, restSender(gateway.apiUrl, 'secret'));
    await bot.connect();

    gateway.dispatch('MESSAGE_CREATE', PING);

    expect(await answer).toEqual(['POST', '/channels/7/messages', { content: 'pong' }]);
  });

  test('answers a message that was sent while its connection was broken', async () => {
    const { promise: answer, resolve } = Promise.withResolvers();
    await using gateway = await FakeGateway.listen({ token: 'secret' });
    await using bot = pingPong({ token: 'secret', url: gateway.url }, (channelId, content) =>
      resolve(`${channelId}: ${content}`),
    );
    await bot.connect();

    gateway.connections[0]?.terminate();
    gateway.dispatch('MESSAGE_CREATE', PING);

    expect(await answer).toBe('7: pong');
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
  });
});
