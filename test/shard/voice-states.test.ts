/** What a shard remembers of its voice channels, on a virtual clock. */
import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { ShardOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryGateway } from '../kit/memory-gateway.ts';
import { TOKEN, readyShard } from '../kit/virtual-shard.ts';

const BOT = '42';
const RESTORING = { url: 'wss://main.test', restoreVoiceStates: true };
const stateIn = (channel: string | null, guild = '1') => ({
  guild_id: guild,
  channel_id: channel,
  self_mute: false,
  self_deaf: true,
});
const updateOf = (channel: string | null, user = BOT, guild = '1') => ({
  guild_id: guild,
  channel_id: channel,
  user_id: user,
});

async function voiceShard(options: Partial<ShardOptions> = {}, readyData: object = {}) {
  const kit = await readyShard({ restoreVoiceStates: true, ...options });
  const { clock, gateway, shard } = kit;
  gateway.readyData = { user: { id: BOT }, ...readyData };
  /** Ends the session, and waits for another. */
  const loseSession = async (): Promise<void> => {
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(15_000);
    expect(shard.state).toBe('ready');
  };
  await loseSession();
  /** The voice states that the last connection has sent. */
  const sent = () => gateway.last.sent.filter(({ op }) => op === 4).map(({ d }) => d);
  return { ...kit, loseSession, sent };
}

describe('restoreVoiceStates', () => {
  test('a new session joins the last channel of each guild, and the session after it too', async () => {
    const { shard, loseSession, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    await shard.updateVoiceState(stateIn('11'));
    await shard.updateVoiceState(stateIn('20', '2'));
    await loseSession();
    expect(sent()).toEqual([stateIn('11'), stateIn('20', '2')]);
    await loseSession();
    expect(sent()).toEqual([stateIn('11'), stateIn('20', '2')]);
  });

  test('by default a new session joins nothing', async () => {
    const { shard, loseSession, sent } = await voiceShard({ restoreVoiceStates: false });
    await shard.updateVoiceState(stateIn('10'));
    await loseSession();
    expect(sent()).toEqual([]);
  });

  test('a resumed session sends nothing', async () => {
    const { shard, clock, gateway, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    gateway.last.end(1006);
    await clock.advanceAsync(5_000);
    expect(gateway.last.sentOps()).toContain(6);
    expect(sent()).toEqual([]);
  });

  test('a channel that the bot has left is not joined again', async () => {
    const { shard, loseSession, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    await shard.updateVoiceState(stateIn(null));
    await loseSession();
    expect(sent()).toEqual([]);
  });

  test('a guild that READY no longer lists is forgotten', async () => {
    const { shard, gateway, loseSession, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    await shard.updateVoiceState(stateIn('20', '2'));
    gateway.readyData = { ...gateway.readyData, guilds: [{ id: '2', unavailable: true }, null] };
    await loseSession();
    expect(sent()).toEqual([stateIn('20', '2')]);
  });

  test('a newer voice state that waits to be sent takes the place of the older one', async () => {
    const { shard, gateway, clock, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    gateway.last.receive({ op: 9, d: false });
    const newer = shard.updateVoiceState(stateIn('11'));
    await clock.advanceAsync(15_000);
    await newer;
    expect(sent()).toEqual([stateIn('11')]);
  });

  test('a newer voice state that was aborted leaves the older one', async () => {
    const { shard, gateway, clock, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    gateway.last.receive({ op: 9, d: false });
    const abort = new AbortController();
    const newer = shard.send({ op: 4, d: stateIn('11') }, { signal: abort.signal });
    abort.abort();
    await expect(newer).rejects.toMatchObject({ code: 'ABORTED' });
    await clock.advanceAsync(15_000);
    expect(sent()).toEqual([stateIn('10')]);
  });

  test('voice states that are sent again keep the send limit, and a newer one overtakes them', async () => {
    const { shard, gateway, clock } = await voiceShard();
    for (let guild = 1; guild <= 150; guild += 1) {
      void shard.updateVoiceState(stateIn('10', String(guild)));
    }
    await clock.advanceAsync(120_000);
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(10_000);
    expect(shard.pendingSends).toBeGreaterThan(0);
    await shard.send({ op: 4, d: stateIn('99', '150') }, { ignoreRateLimit: true });
    await clock.advanceAsync(120_000);
    const restored = gateway.last.sent.filter(({ op }) => op === 4).map(({ d }) => d as { guild_id: string });
    expect(restored).toHaveLength(150);
    expect(restored.filter(({ guild_id: id }) => id === '150')).toEqual([stateIn('99', '150')]);
  });

  test('the shard follows a bot that others moved, and forgets a channel from which they disconnected it', async () => {
    const { shard, gateway, loseSession, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    await shard.updateVoiceState(stateIn('20', '2'));
    gateway.dispatch('VOICE_STATE_UPDATE', updateOf('12'));
    gateway.dispatch('VOICE_STATE_UPDATE', updateOf(null, '43', '1'));
    gateway.dispatch('VOICE_STATE_UPDATE', { ...updateOf(null, '43', '1'), member: { id: BOT } });
    gateway.dispatch('VOICE_STATE_UPDATE', updateOf('nonsense', BOT, '1'));
    gateway.dispatch('VOICE_STATE_UPDATE', updateOf(null, BOT, '2'));
    await loseSession();
    expect(sent()).toEqual([stateIn('12')]);
  });

  test('the end of the last session, which disconnects the bot, does not count as a wish of others', async () => {
    const { shard, gateway, clock, sent } = await voiceShard();
    await shard.updateVoiceState(stateIn('10'));
    gateway.answers.ready = false;
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(15_000);
    gateway.dispatch('VOICE_STATE_UPDATE', updateOf(null));
    gateway.ready();
    await clock.advanceAsync(1);
    expect(sent()).toEqual([stateIn('10')]);
  });

  test('a VOICE_STATE_UPDATE of another user is not decoded', async () => {
    const clock = new VirtualClock();
    const gateway = new MemoryGateway(clock);
    gateway.readyData = { user: { id: BOT } };
    const { createSocket } = gateway;
    const shard = new Shard({ token: TOKEN, intents: 0, compression: 'none', clock, createSocket, ...RESTORING });
    const faults: string[] = [];
    shard.on('fault', ({ code }) => faults.push(code));
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    await shard.updateVoiceState(stateIn('10'));
    const corrupt = (user: string): Buffer =>
      Buffer.from(`{"t":"VOICE_STATE_UPDATE","s":${(gateway.sequence += 1)},"op":0,"d":{"user_id":"${user}",}}`);
    gateway.last.receiveRaw(corrupt('43'), false);
    expect(faults).toEqual([]);
    gateway.last.receiveRaw(corrupt(BOT), false);
    expect(faults).toEqual(['DECODE_FAILED']);
  });

  test('a discarded session takes the voice states with it, and a kept one does not', async () => {
    for (const session of ['keep', 'discard'] as const) {
      const { shard, gateway, clock, sent } = await voiceShard();
      await shard.updateVoiceState(stateIn('10'));
      await Promise.all([shard.disconnect({ session }), clock.advanceAsync(6_000)]);
      gateway.intercept = (socket, { op }) => {
        if (op !== 6) return false;
        socket.receive({ op: 9, d: false });
        return true;
      };
      await Promise.all([shard.connect(), clock.advanceAsync(30_000)]);
      expect(sent()).toEqual(session === 'keep' ? [stateIn('10')] : []);
    }
  });
});
