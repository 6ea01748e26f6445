/** The accounts of lost connections: which events forget which of them. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING, NO_LOSSES } from '../../machines/index.ts';
import { HELLO, SHARDS } from './running-shard.ts';
import { OTHER, SESSION, closed } from './shard-events.ts';

const OPENED = { type: 'socket.opened' } as const;

describe('shard machine: lost connections are counted', () => {
  test('HELLO forgets the connections that ended before it, and no others', () => {
    const shard = SHARDS.ready().clearEffects().send({ type: 'gateway.reconnect' });
    for (let refusals = 0; refusals < 8; refusals += 1) {
      shard.runUntil('socket');
      shard.send({ type: 'socket.failed', reason: 'ECONNREFUSED' });
    }
    shard.runUntil('socket');
    const during = shard.context.lossCounts;
    shard.send(OPENED, HELLO);
    expect(during).toEqual({ ...NO_LOSSES, unreachable: 8, shortLived: 1 });
    expect(shard.context.lossCounts).toEqual({ ...NO_LOSSES, shortLived: 1 });
  });

  test('RESUMED forgets the connections that ended between HELLO and RESUMED, and no others', () => {
    const shard = SHARDS.resuming();
    for (const loss of [closed(4000), { type: 'gateway.invalidSession', resumable: true } as const]) {
      shard.clearEffects().send(loss).runUntil('socket');
      shard.send(OPENED, HELLO);
    }
    const before = shard.context.lossCounts;
    shard.send({ type: 'gateway.resumed' });
    expect(before).toEqual({ ...NO_LOSSES, unanswered: 1, refused: 1 });
    expect(shard.context.lossCounts).toEqual({ ...NO_LOSSES, refused: 1 });
  });

  test('a stable connection forgets the messages that could not be read', () => {
    const shard = SHARDS.ready();
    for (let failures = 0; failures < 4; failures += 1) {
      shard.clearEffects().send({ type: 'socket.decodeFailed', reason: 'no JSON' }).runUntil('socket');
      shard.send(OPENED, HELLO, { type: 'gateway.resumed' });
    }
    const before = shard.context.unreadableCount;
    shard.wait(DEFAULT_TIMING.stableAfterMs);
    expect(before).toBe(4);
    expect(shard.context.unreadableCount).toBe(0);
  });

  test.each([
    ['repeats its session keeps', SESSION, 1],
    ['begins another session resets', OTHER, 0],
  ])('a READY in ready that %s the count of messages that could not be read', (_, session, count) => {
    const shard = SHARDS.ready();
    shard.clearEffects().send({ type: 'socket.decodeFailed', reason: 'no JSON' }).runUntil('socket');
    shard.send(OPENED, HELLO, { type: 'gateway.resumed' });
    expect(shard.context.unreadableCount).toBe(1);
    expect(shard.state).toMatchObject({ online: { session: 'ready' } });
    shard.send({ type: 'gateway.ready', session });
    expect(shard.context.session).toEqual(session);
    expect(shard.context.unreadableCount).toBe(count);
  });

  test('a dispatch with a sequence that could not be read is not counted, because it is skipped in the end', () => {
    const shard = SHARDS.ready();
    shard.send({ type: 'socket.decodeFailed', reason: 'no JSON', hasSequence: true });
    expect(shard.context.unreadableCount).toBe(0);
  });
});
