/** When a member of a cluster looks who has what. On virtual time. */
import { describe, expect, test } from 'vitest';
import { pacedChanges } from '../../src/cluster/node/paced-changes.ts';
import type { ChangeListener, Ownership } from '../../src/cluster/ports/ownership.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

function listening() {
  const clock = new VirtualClock();
  const looks: number[] = [];
  const listeners = new Set<ChangeListener>();
  const changes: Ownership['changes'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const startedAt = clock.now();
  const stop = pacedChanges({ changes } as Ownership, {
    clock,
    instance: 'own',
    onChange: () => looks.push(clock.now() - startedAt),
  });
  const change = (...args: Parameters<ChangeListener>): void => {
    for (const listener of listeners) listener(...args);
  };
  return { clock, looks, change, stop, listeners };
}

describe('a member of a cluster', () => {
  test('looks at once at a change for all, and at one for itself', () => {
    const { looks, change } = listening();
    change();
    change('own');
    expect(looks).toEqual([0, 0]);
  });

  test('looks once a second, however much others do among themselves', () => {
    const { clock, looks, change } = listening();
    for (let ms = 0; ms < 2_500; ms += 100) {
      change('other');
      clock.advance(100);
    }
    clock.advance(10_000);
    expect(looks).toEqual([1_000, 2_000, 3_000]);
  });

  test('does not look again at what it has seen by then', () => {
    const { clock, looks, change } = listening();
    change('other');
    clock.advance(400);
    change();
    clock.advance(10_000);
    expect(looks).toEqual([400]);
  });

  test('looks no more when it has left', () => {
    const { clock, looks, change, stop, listeners } = listening();
    change('other');
    stop();
    clock.advance(10_000);
    expect(looks).toEqual([]);
    expect(listeners.size).toBe(0);
  });
});
