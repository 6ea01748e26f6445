import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { ManagerEvents, ManagerOptions } from '../../src/index.ts';
import { virtualManager } from '../kit/virtual-manager.ts';

const READY = { user: { id: '1' }, guilds: ['10', '11', '12'].map((id) => ({ id, unavailable: true })) };

async function start(options: Partial<ManagerOptions> = {}) {
  const kit = virtualManager({ shards: 1 }, options);
  kit.gateway.readyData = READY;
  const emitted: ManagerEvents['guildsReady'][] = [];
  kit.manager.on('guildsReady', (...args) => emitted.push(args));
  void kit.manager.connect();
  await kit.clock.advanceAsync(100);
  return { ...kit, emitted };
}

describe('guildsReady', () => {
  test('is emitted once, with the last guild that READY lists', async () => {
    const { gateway, manager, clock, emitted } = await start();
    gateway.dispatch('GUILD_CREATE', { id: '10' });
    gateway.dispatch('GUILD_CREATE', { id: '99' });
    gateway.dispatch('GUILD_DELETE', { id: '12', unavailable: true });
    expect(emitted).toEqual([]);
    gateway.dispatch('GUILD_CREATE', { id: '11' });
    expect(emitted).toEqual([[0, { available: ['10', '11'], unavailable: ['12'] }]]);
    gateway.dispatch('GUILD_CREATE', { id: '12' });
    await clock.advanceAsync(60_000);
    expect(emitted).toHaveLength(1);
    manager.forceClose();
  });

  test('is emitted 15 s after the last guild, and names the guilds that have not come', async () => {
    const { gateway, manager, clock, emitted } = await start();
    await clock.advanceAsync(14_000);
    gateway.dispatch('GUILD_CREATE', { id: '11' });
    await clock.advanceAsync(14_900);
    expect(emitted).toEqual([]);
    await clock.advanceAsync(200);
    expect(emitted).toEqual([[0, { available: ['11'], unavailable: ['10', '12'] }]]);
    manager.forceClose();
  });

  test('is not emitted, and leaves no timer, when the manager disconnects before', async () => {
    const { manager, clock, emitted } = await start();
    await Promise.all([manager.disconnect(), clock.advanceAsync(10)]);
    expect(clock.pending).toBe(0);
    expect(emitted).toEqual([]);
  });

  test('is emitted when the guilds are restored by warmStart', async () => {
    const sessionStore = new MemorySessionStore();
    const first = await start({ sessionStore, warmStart: true });
    for (const { id } of READY.guilds) first.gateway.dispatch('GUILD_CREATE', { id });
    await Promise.all([first.manager.disconnect(), first.clock.advanceAsync(10)]);
    const { manager, emitted, sent } = await start({ sessionStore, warmStart: true });
    expect(emitted).toEqual([[0, { available: ['10', '11', '12'], unavailable: [] }]]);
    expect(sent(2)).toEqual([]);
    manager.forceClose();
  });
});
