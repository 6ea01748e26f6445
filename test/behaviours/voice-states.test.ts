import { describe, expect, test } from 'vitest';
import { nextEvent as nextManagerEvent, liveManager } from '../kit/live-manager.ts';
import { liveShard, nextEvent } from '../kit/live-shard.ts';

const VOICE = { guild_id: '81384788765712384', channel_id: '127121515262115840', self_mute: false, self_deaf: true };

describe('voice states', () => {
  test('100. with restoreVoiceStates a bot in a voice channel joins it again in a new session', async () => {
    await using kit = await liveShard({ restoreVoiceStates: true, intents: ['Guilds', 'GuildVoiceStates'] });
    const { gateway, shard } = kit;
    await shard.connect();
    const joined = nextEvent(shard, 'dispatch', ({ t }) => t === 'VOICE_STATE_UPDATE');
    await shard.updateVoiceState(VOICE);
    await joined;
    const first = shard.session;
    const joinedAgain = nextEvent(shard, 'dispatch', ({ t }) => t === 'VOICE_STATE_UPDATE');
    gateway.connections.at(-1)!.invalidateSession(false);
    expect((await joinedAgain).d).toMatchObject({ ...VOICE, session_id: shard.session?.sessionId });
    expect(shard.session?.sessionId).not.toBe(first?.sessionId);
  });

  test('100. a bot that others disconnected from its voice channel does not join it again', async () => {
    await using kit = await liveShard({ restoreVoiceStates: true, intents: ['Guilds', 'GuildVoiceStates'] });
    const { gateway, shard } = kit;
    await shard.connect();
    await shard.updateVoiceState(VOICE);
    await nextEvent(shard, 'dispatch', ({ t }) => t === 'VOICE_STATE_UPDATE');
    gateway.dispatch('VOICE_STATE_UPDATE', { ...VOICE, channel_id: null, user_id: shard.user?.id });
    await nextEvent(shard, 'dispatch', ({ t }) => t === 'VOICE_STATE_UPDATE');
    gateway.connections.at(-1)!.invalidateSession(false);
    await nextEvent(shard, 'ready');
    await shard.heartbeat();
    expect(gateway.connections.at(-1)!.received.map(({ op }) => op)).not.toContain(4);
  });

  test.each([0, 1])(
    '100. a manager with %i workers joins the voice channels of its shards again in a new session',
    async (workers) => {
      await using kit = await liveManager({
        workers,
        shards: 2,
        restoreVoiceStates: true,
        intents: ['Guilds', 'GuildVoiceStates'],
      });
      const { gateway, manager } = kit;
      await manager.connect();
      await manager.shards.get(manager.shardIdFor(VOICE.guild_id))!.updateVoiceState(VOICE);
      await gateway.waitUntil(({ connections }) =>
        connections.some(({ received }) => received.some(({ op }) => op === 4)),
      );
      const before = gateway.connections.find(({ received }) => received.some(({ op }) => op === 4))!;
      const joinedAgain = nextManagerEvent(manager, 'dispatch', ({ t, d }) => {
        const state = d as { session_id?: unknown };
        return t === 'VOICE_STATE_UPDATE' && state.session_id !== before.sessionId;
      });
      before.invalidateSession(false);
      expect((await joinedAgain)[0].d).toMatchObject(VOICE);
    },
  );
});
