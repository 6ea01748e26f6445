import type { GatewayGuildMembersChunkDispatchData } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/protocol/errors.ts';
import { GuildMemberRequests } from '../../src/shard/guild-member-requests.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { readyShard, virtualShard } from '../kit/virtual-shard.ts';

const chunk = (index: number): GatewayGuildMembersChunkDispatchData =>
  ({ guild_id: '7', chunk_index: index, chunk_count: 2, members: [`member ${index}`], nonce: 'n' }) as never;

const RESULT = { guildId: '7', members: ['member 0', 'member 1'], notFound: [], nonce: 'n' };

const REQUEST = { guild_id: '7', query: '', limit: 0, nonce: 'n' };

describe('GuildMemberRequests', () => {
  test('accepts a nonce of 32 bytes, and rejects a longer one', async () => {
    const requests = new GuildMemberRequests({ clock: new VirtualClock(), random: () => 0, send: async () => {} });
    const nonce = 'ü'.repeat(16);
    await expect(requests.request({ ...REQUEST, nonce: `${nonce}x` })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
    });
    expect(requests.hasPending).toBe(false);
    const request = requests.request({ ...REQUEST, nonce });
    for (const index of [0, 1]) requests.onChunk({ ...chunk(index), nonce });
    expect(await request).toEqual({ ...RESULT, nonce });
  });

  test('times out when the next chunk takes more than 30 s by default', async () => {
    const clock = new VirtualClock();
    const requests = new GuildMemberRequests({ clock, random: () => 0, send: async () => {} });
    const outcome = requests.request(REQUEST).catch((error: unknown) => error);
    await clock.advanceAsync(29_999);
    requests.onChunk(chunk(0));
    await clock.advanceAsync(29_999);
    expect(requests.hasPending).toBe(true);
    await clock.advanceAsync(1);
    expect(requests.hasPending).toBe(false);
    expect(await outcome).toMatchObject({ code: 'REQUEST_TIMED_OUT' });
  });

  test('is not completed by a repeated chunk', async () => {
    const { clock, gateway, shard } = await readyShard();
    const request = shard.requestGuildMembers(REQUEST);
    await clock.advanceAsync(10);
    for (const index of [0, 0, 1]) gateway.dispatch('GUILD_MEMBERS_CHUNK', chunk(index));
    expect(await request).toEqual(RESULT);
  });

  test('accepts the nonce of an aborted request again at once', async () => {
    const { clock, gateway, shard } = virtualShard();
    const abort = new AbortController();
    const aborted = shard.requestGuildMembers(REQUEST, { signal: abort.signal });
    abort.abort();
    const request = shard.requestGuildMembers(REQUEST);
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    void shard.connect();
    await clock.advanceAsync(100);
    for (const index of [0, 1]) gateway.dispatch('GUILD_MEMBERS_CHUNK', chunk(index));
    expect(await request).toEqual(RESULT);
  });

  test('a request that has ended starts no timeout when its frame is sent late', async () => {
    const clock = new VirtualClock();
    const frames: PromiseWithResolvers<void>[] = [];
    const send = (): Promise<void> => {
      const frame = Promise.withResolvers<void>();
      frames.push(frame);
      return frame.promise;
    };
    const requests = new GuildMemberRequests({ clock, random: () => 0, send });
    const first = requests.request(REQUEST);
    requests.stop(new GatewayError('STOPPED', 'the test said so'));
    const second = requests.request(REQUEST, { timeoutMs: 60_000 });
    await expect(first).rejects.toMatchObject({ code: 'STOPPED' });
    for (const frame of frames) frame.resolve();
    await clock.advanceAsync(30_000);
    for (const index of [0, 1]) requests.onChunk(chunk(index));
    expect(await second).toEqual(RESULT);
    expect(clock.pending).toBe(0);
  });
});
