import { describe, expect, test } from 'vitest';
import { liveShard, nextEvent } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

describe('maxDispatchSilenceMs', () => {
  test('101. a quiet shard keeps its connection, because the gateway answers when the shard asks for a dispatch', async () => {
    await using kit = await liveShard(
      { timing: { ...QUICK, maxDispatchSilenceMs: 100 } },
      { readyGuilds: [{ id: '81384788765712384' }] },
    );
    const { gateway, shard, events } = kit;
    await shard.connect();
    const { d } = await nextEvent(shard, 'dispatch', ({ t }) => t === 'GUILD_MEMBERS_CHUNK');
    expect(d).toMatchObject({ guild_id: '81384788765712384', members: [{ user: { id: shard.user!.id } }] });
    await nextEvent(shard, 'heartbeat');
    expect(gateway.history).toHaveLength(1);
    expect(events.faults).toEqual([]);
  });

  test('101. a deaf shard, whose heartbeats are acknowledged but which gets no answer, resumes', async () => {
    const { clock, gateway, shard, events } = virtualShard({ timing: { maxDispatchSilenceMs: 60_000 } });
    gateway.readyData = { user: { id: '42' }, guilds: [{ id: '1', unavailable: true }] };
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    await clock.advanceAsync(69_000);
    expect(gateway.sent(8)).toHaveLength(1);
    expect(events.of('heartbeat')).toHaveLength(2);
    expect(events.faults).toEqual([]);
    await clock.advanceAsync(2_000);
    expect(events.faults).toEqual(['DISPATCH_SILENCE']);
    expect(gateway.sockets).toHaveLength(2);
    expect(gateway.last.sentOps()[0]).toBe(6);
    expect(shard.state).toBe('ready');
  });

  test('101. a shard whose consumer takes nothing is not deaf, because silence counts only while the shard reads its socket', async () => {
    await using kit = await liveShard(
      { timing: { ...QUICK, maxDispatchSilenceMs: 100 } },
      { heartbeatIntervalMs: 400, readyGuilds: [] },
    );
    const { gateway, shard, events } = kit;
    // READY fills it.
    const stream = shard.dispatches({ highWaterMark: 1 });
    await shard.connect();
    for (let beats = 0; beats < 3; beats += 1) await nextEvent(shard, 'heartbeat');
    expect(events.faults).toEqual([]);
    expect(gateway.history).toHaveLength(1);
    await stream.return?.();
    expect(await nextEvent(shard, 'fault')).toMatchObject({ code: 'DISPATCH_SILENCE' });
    await nextEvent(shard, 'dispatch', ({ t }) => t === 'RESUMED');
  });
});
