/** What a shard does with `maxDispatchSilenceMs` before it gives a connection up, on a virtual clock. */
import { describe, expect, test } from 'vitest';
import type { Packet } from '../../src/protocol/packets.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

const SILENCE_MS = 60_000;
const BOT = { id: '42' };
const guildsOf = (...ids: unknown[]) => ids.map((id) => ({ id, unavailable: true }));

interface ProbeData {
  guild_id: string;
  user_ids: string[];
  nonce: string;
}

const chunkFor = ({ guild_id: guildId, nonce }: ProbeData, id = BOT.id) => ({
  guild_id: guildId,
  members: [{ user: { id } }],
  chunk_index: 0,
  chunk_count: 1,
  nonce,
});

const limited = (retryAfter: number) => ({ opcode: 8, retry_after: retryAfter, meta: { guild_id: '1' } });

async function silentShard({ guilds = guildsOf('1'), maxDispatchSilenceMs = SILENCE_MS } = {}) {
  const kit = virtualShard({ timing: { maxDispatchSilenceMs } });
  const { clock, gateway, shard } = kit;
  gateway.readyData = { user: BOT, guilds };
  const answers = { members: true };
  gateway.intercept = (socket, packet: Packet) => {
    if (packet.op !== 8) return false;
    if (answers.members) gateway.dispatch('GUILD_MEMBERS_CHUNK', chunkFor(packet.d as ProbeData), socket);
    return true;
  };
  await Promise.all([shard.connect(), clock.advanceAsync(100)]);
  const probes = () => gateway.sent(8).map(({ d }) => d as ProbeData);
  return { ...kit, answers, probes };
}

describe('maxDispatchSilenceMs', () => {
  test('asks for the bot as a member of one guild after the other, and an answer keeps the connection', async () => {
    const { clock, gateway, events, probes } = await silentShard({ guilds: guildsOf('1', '2', '3') });
    await clock.advanceAsync(4 * SILENCE_MS + 1_000);
    expect(gateway.sockets).toHaveLength(1);
    expect(events.faults).toEqual([]);
    expect(probes().map(({ guild_id: id }) => id)).toEqual(['2', '3', '1', '2']);
    expect(probes()[0]).toEqual({ guild_id: '2', user_ids: ['42'], nonce: expect.stringMatching(/^probe-/) });
    expect(events.dispatched).toEqual(['READY', ...Array.from({ length: 4 }, () => 'GUILD_MEMBERS_CHUNK')]);
  });

  test('resumes 10 s after a probe that no dispatch follows', async () => {
    const { clock, gateway, events, probes, answers, shard } = await silentShard();
    answers.members = false;
    await clock.advanceAsync(SILENCE_MS + 9_000);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advanceAsync(2_000);
    expect(probes()).toHaveLength(1);
    expect(events.faults).toEqual(['DISPATCH_SILENCE']);
    expect(gateway.sockets[0]!.closedWith).toBe(4000);
    expect(gateway.last.sentOps()[0]).toBe(6);
    expect(shard.state).toBe('ready');
  });

  test('goes on asking on the next connection, whose RESUMED lists no guilds', async () => {
    const { clock, gateway, answers, probes } = await silentShard();
    answers.members = false;
    await clock.advanceAsync(SILENCE_MS + 11_000);
    answers.members = true;
    await clock.advanceAsync(2 * SILENCE_MS);
    expect(gateway.sockets).toHaveLength(2);
    expect(probes().length).toBeGreaterThan(1);
  });

  test('any dispatch after the probe counts as an answer', async () => {
    const { clock, gateway, answers } = await silentShard();
    answers.members = false;
    await clock.advanceAsync(SILENCE_MS + 5_000);
    gateway.dispatch('TYPING_START');
    await clock.advanceAsync(10_000);
    expect(gateway.sockets).toHaveLength(1);
  });

  test.each([
    ['READY lists no guilds', []],
    ['the ids in READY are not valid', guildsOf(1, null, 'one', {})],
  ])('resumes without asking if %s', async (_, guilds) => {
    const { clock, gateway, probes } = await silentShard({ guilds });
    await clock.advanceAsync(SILENCE_MS + 1_000);
    expect(probes()).toEqual([]);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('asks at most once in 30 s, however short the silence is', async () => {
    const { clock, gateway, probes } = await silentShard({ maxDispatchSilenceMs: 1_000 });
    await clock.advanceAsync(95_000);
    expect(gateway.sockets).toHaveLength(1);
    expect(probes()).toHaveLength(4);
  });

  test('does not ask while RATE_LIMITED holds for op 8, and resumes without asking if that is for long', async () => {
    const short = await silentShard();
    short.gateway.dispatch('RATE_LIMITED', limited(80));
    await short.clock.advanceAsync(79_000);
    expect(short.probes()).toEqual([]);
    await short.clock.advanceAsync(2_000);
    expect(short.probes()).toHaveLength(1);
    expect(short.gateway.sockets).toHaveLength(1);

    const long = await silentShard();
    long.gateway.dispatch('RATE_LIMITED', limited(3_600));
    await long.clock.advanceAsync(SILENCE_MS + 1_000);
    expect(long.probes()).toEqual([]);
    expect(long.gateway.sockets).toHaveLength(2);
  });

  test('a probe counts in the send limit, and waits for it', async () => {
    const { clock, gateway, shard, probes } = await silentShard({ maxDispatchSilenceMs: 1_000 });
    const voice = { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false };
    for (let count = 0; count < 200; count += 1) {
      void shard.send({ op: 4, d: voice }, { ignoreRateLimit: true }).catch(() => undefined);
    }
    await clock.advanceAsync(30_000);
    expect(probes()).toEqual([]);
    await clock.advanceAsync(120_000);
    // The oracle of the gateway counts the frames of every 60 s.
    expect(gateway.sent(4)).toHaveLength(200);
    expect(probes().length).toBeGreaterThan(0);
  });

  test('the answer does not settle a request for members of yours', async () => {
    const { clock, gateway, shard, answers, probes } = await silentShard();
    answers.members = false;
    const request = shard.requestGuildMembers({ guild_id: '1', user_ids: ['7'] }, { timeoutMs: 600_000 });
    await clock.advanceAsync(SILENCE_MS + 1_000);
    const [own, probe] = probes();
    gateway.dispatch('GUILD_MEMBERS_CHUNK', chunkFor(probe!));
    gateway.dispatch('GUILD_MEMBERS_CHUNK', chunkFor(own!, '7'));
    expect(await request).toMatchObject({ nonce: own!.nonce, members: [{ user: { id: '7' } }] });
  });

  test('does not ask while a full stream pauses the socket, and asks when that silence has passed after it', async () => {
    const { clock, gateway, shard, probes, events } = await silentShard();
    const stream = shard.dispatches({ highWaterMark: 2 });
    for (let n = 0; n < 2; n += 1) gateway.dispatch('TYPING_START');
    expect(gateway.last.paused).toBe(true);
    await clock.advanceAsync(4.5 * SILENCE_MS);
    for (let n = 0; n < 2; n += 1) await stream.next();
    expect(gateway.last.paused).toBe(false);
    await clock.advanceAsync(SILENCE_MS - 1_000);
    expect(probes()).toEqual([]);
    await clock.advanceAsync(2_000);
    expect(probes()).toHaveLength(1);
    expect(events.faults).toEqual([]);
  });

  test('leaves no timer behind', async () => {
    const { clock, shard, answers } = await silentShard();
    answers.members = false;
    await clock.advanceAsync(SILENCE_MS + 1_000);
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(clock.pending).toBe(0);
  });
});
