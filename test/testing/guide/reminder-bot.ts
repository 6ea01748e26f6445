import { Shard } from '../../../src/index.ts';
import type { Clock } from '../../../src/index.ts';

/** Answers `!remind 7200 tea` with `tea` after 7200 seconds. */
export function reminderBot(url: string, clock: Clock, reply: (text: string) => void): Shard {
  const shard = new Shard({ token: 'secret', intents: ['GuildMessages', 'MessageContent'], url });
  shard.onDispatch('MESSAGE_CREATE', ({ content }) => {
    const [, seconds, text] = /^!remind (\d+) (.+)$/.exec(content) ?? [];
    if (text !== undefined) clock.setTimeout(() => reply(text), Number(seconds) * 1000);
  });
  return shard;
}
