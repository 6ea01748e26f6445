/** How to test a bot without Discord: against a gateway of its own, on a real socket. */
import { expect, it } from 'vitest';
import { FakeGateway } from '../src/testing/index.ts'; // in your project: from 'shardwright/testing'
import { pingPong } from './ping-pong.ts';

it('answers !ping with pong, also when the connection breaks in between', async () => {
  await using gateway = await FakeGateway.listen({ token: 'secret' });
  const { promise: answer, resolve } = Promise.withResolvers<string>();
  await using bot = pingPong({ token: 'secret', url: gateway.url }, (channelId, content) => resolve(`${channelId}: ${content}`));
  await bot.connect();

  gateway.connections[0]?.terminate();
  gateway.dispatch('MESSAGE_CREATE', { channel_id: '7', content: '!ping', author: { id: '1' } });

  expect(await answer).toBe('7: pong');
  expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
});
