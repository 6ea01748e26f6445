import { describe, expect, test } from 'vitest';
import { FleetPresence } from '../../src/manager/fleet-presence.ts';

const presence = (name: string) =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as const;
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
    for (const shardId of [3, 1, 2]) current.refuse(shardId);
    expect(current.value).toEqual(OLD);
  });

  test('is no presence when Discord refuses the one before too', () => {
    const current = new FleetPresence(OLD as never);
    current.set(NEW as never);
    for (const shardId of [1, 2, 1]) current.refuse(shardId);
    expect(current.value).toBeUndefined();
  });

  test('is no presence when Discord refuses the one of the options', () => {
    const current = new FleetPresence(OLD as never);
    current.refuse(0);
    expect(current.value).toBeUndefined();
  });
});
