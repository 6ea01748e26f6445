import { describe, expect, test } from 'vitest';
import { FleetPresence } from '../../src/manager/fleet-presence.ts';
import type { ShardHandle } from '../../src/manager/shard-handle.ts';

const presence = (name: string) =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as const;
const shardOf = (shardId: number): ShardHandle => ({ shardId }) as ShardHandle;
const OLD = presence('old');
const NEW = presence('new');

describe('FleetPresence', () => {
  test('is the one of the options, then the one sent last', () => {
    const current = new FleetPresence(OLD as never);
    expect(current.value).toEqual(OLD);
    current.set(NEW as never);
    expect(current.value).toEqual(NEW);
  });

  test('goes back to the one before when Discord refuses it, however many shards sent it', () => {
    const current = new FleetPresence(OLD as never);
    current.set(NEW as never);
    for (const shard of [shardOf(3), shardOf(1), shardOf(2)]) current.refuse(shard);
    expect(current.value).toEqual(OLD);
  });

  test('is no presence when Discord refuses the one before too', () => {
    const current = new FleetPresence(OLD as never);
    current.set(NEW as never);
    const [first, second] = [shardOf(1), shardOf(2)];
    for (const shard of [first, second, first]) current.refuse(shard);
    expect(current.value).toBeUndefined();
  });

  test('is the one before when a shard of the next set, with the same id, refuses the new one too', () => {
    const current = new FleetPresence(OLD as never);
    current.set(NEW as never);
    for (const shard of [shardOf(0), shardOf(0)]) current.refuse(shard);
    expect(current.value).toEqual(OLD);
  });

  test('is no presence when Discord refuses the one of the options', () => {
    const current = new FleetPresence(OLD as never);
    current.refuse(shardOf(0));
    expect(current.value).toBeUndefined();
  });
});
