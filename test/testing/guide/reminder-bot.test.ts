import { expect, test } from 'vitest';
import { FakeGateway, VirtualClock } from '../../../src/testing/index.ts';
import { reminderBot } from './reminder-bot.ts';

test('the bot reminds after two hours, even if its connection breaks before the command arrives', async () => {
  const clock = new VirtualClock();
  const replies: string[] = [];
  await using gateway = await FakeGateway.listen({ token: 'secret', strict: true });
  const bot = reminderBot(gateway.url, clock, (text) => replies.push(text));
  await bot.connect();

  // The connection drops, and the command arrives while the bot is offline.
  gateway.connections[0]?.terminate();
  const received = new Promise((resolve) => bot.onDispatch('MESSAGE_CREATE', resolve));
  gateway.dispatch('MESSAGE_CREATE', { id: '1', channel_id: '2', content: '!remind 7200 tea' });
  await received;

  clock.advance(7_199_999);
  expect(replies).toEqual([]);
  clock.advance(1);
  expect(replies).toEqual(['tea']);

  await bot.disconnect();
  await gateway.close();
  expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1, violations: [] });
  expect(gateway.complaints).toEqual([]);
});
