/** The balance of a cluster: its members compute it from what they see, without talking to each other. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balanceOf } from '../../src/cluster/node/balance.ts';
import type { MemberView, OwnershipView, ShardOwner } from '../../src/index.ts';

/** A cluster: some members drain or are stalled, and each shard has an owner, is reserved for a member, or is free. */
const clusters = fc
  .record({
    members: fc.array(fc.constantFrom('active', 'active', 'draining', 'stalled'), { minLength: 1, maxLength: 9 }),
    shards: fc.array(fc.record({ by: fc.nat({ max: 12 }), isReserved: fc.boolean() }), { minLength: 1, maxLength: 40 }),
  })
  .map(({ members, shards }): OwnershipView => ({
    members: members.map((state, index) => ({
      name: 'node',
      instance: `i${index}`,
      joinedAt: 0,
      lastSeenAt: 0,
      isDraining: state === 'draining',
      isStalled: state === 'stalled',
    })),
    shards: shards.map(({ by, isReserved }, shardId) => {
      const holder = by < members.length ? `i${by}` : null;
      return { shardId, owner: isReserved ? null : holder, reservedFor: isReserved ? holder : null };
    }),
  }));

const isActive = ({ isDraining, isStalled }: MemberView): boolean => !isDraining && !isStalled;

/** Those that look. */
const instancesOf = ({ members }: OwnershipView): string[] =>
  members.filter(({ isStalled }) => !isStalled).map(({ instance }) => instance);

const hasReceiver = ({ members }: OwnershipView): boolean => members.some(isActive);

/** The shards that no stalled member keeps. */
const sharedOf = ({ members, shards }: OwnershipView): readonly ShardOwner[] => {
  const stalled = new Set<string | null>(members.filter((each) => each.isStalled).map(({ instance }) => instance));
  return shards.filter(({ owner }) => !stalled.has(owner));
};

/** All members that look do what they compute from the same view. Reservations for the others have ended meanwhile. */
function afterRound(view: OwnershipView): OwnershipView {
  const owners = new Map(view.shards.map(({ shardId, owner }) => [shardId, owner]));
  const reserved = new Map<number, string>();
  for (const instance of instancesOf(view)) {
    const { claims, moves } = balanceOf(view, instance);
    for (const shardId of claims) owners.set(shardId, instance);
    for (const { shardId, to } of moves) {
      owners.set(shardId, null);
      reserved.set(shardId, to);
    }
  }
  return {
    members: view.members,
    shards: view.shards.map(({ shardId }) => ({
      shardId,
      owner: owners.get(shardId) ?? null,
      reservedFor: reserved.get(shardId) ?? null,
    })),
  };
}

const countsOf = ({ members, shards }: OwnershipView): number[] =>
  members.filter(isActive).map(({ instance }) => shards.filter(({ owner }) => owner === instance).length);

/** Two members, a and b, of which one may be stalled. */
const viewOf = (owners: readonly (string | null)[], stalled: string | null = null): OwnershipView => ({
  members: ['a', 'b'].map((instance) => ({
    name: 'node',
    instance,
    joinedAt: 0,
    lastSeenAt: 0,
    isDraining: false,
    isStalled: instance === stalled,
  })),
  shards: owners.map((owner, shardId) => ({ shardId, owner, reservedFor: null })),
});

describe('the balance', () => {
  test('never lets two members claim the same shard, or one that somebody owns or that is reserved for another', () => {
    fc.assert(
      fc.property(clusters, (view) => {
        const active = new Set(view.members.filter(isActive).map(({ instance }) => instance));
        const claimed = instancesOf(view).flatMap((instance) =>
          balanceOf(view, instance).claims.map((shardId) => ({ instance, shardId })),
        );
        expect(new Set(claimed.map(({ shardId }) => shardId)).size).toBe(claimed.length);
        for (const { instance, shardId } of claimed) {
          const { owner, reservedFor } = view.shards[shardId]!;
          expect(owner).toBeNull();
          expect(reservedFor === null || reservedFor === instance || !active.has(reservedFor)).toBe(true);
        }
      }),
    );
  });

  test('gives members that take shards numbers that differ by one at most, within three rounds, and then rests', () => {
    fc.assert(
      fc.property(clusters, (view) => {
        fc.pre(hasReceiver(view));
        // What is reserved for a member that has enough is claimed, released and claimed again.
        const settled = afterRound(afterRound(afterRound(view)));
        const counts = countsOf(settled);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sharedOf(view).length);
        expect(afterRound(settled)).toEqual(settled);
      }),
      { numRuns: 1_000 },
    );
  });

  test('moves no more shards than those of draining members, and what others have above their share', () => {
    fc.assert(
      fc.property(clusters, (view) => {
        fc.pre(hasReceiver(view));
        const active = view.members.filter(isActive);
        const share = Math.floor(sharedOf(view).length / active.length);
        const owned = (instance: string): number => view.shards.filter(({ owner }) => owner === instance).length;
        const heldFor = (instance: string): number =>
          view.shards.filter(({ owner, reservedFor }) => (owner ?? reservedFor) === instance).length;
        for (const { instance, isDraining, isStalled } of view.members) {
          if (isStalled) continue;
          const { moves } = balanceOf(view, instance);
          const allowed = isDraining ? owned(instance) : Math.max(0, heldFor(instance) - share);
          expect(moves.length).toBeLessThanOrEqual(Math.min(allowed, owned(instance)));
          for (const { shardId, to } of moves) {
            expect(view.shards[shardId]!.owner).toBe(instance);
            expect(active.some((member) => member.instance === to && to !== instance)).toBe(true);
          }
        }
      }),
    );
  });

  test('lets a member that was stalled take its share, as soon as it looks', () => {
    const view = viewOf(['a', null], 'b');
    expect(balanceOf(view, 'b').claims).toEqual([1]);
  });

  test('moves nothing while the numbers differ by one at most', () => {
    const view = viewOf(['b', 'a', 'b']);
    const nothing = { claims: [], moves: [], givers: 0 };
    expect([balanceOf(view, 'a'), balanceOf(view, 'b')]).toEqual([nothing, nothing]);
  });
});
