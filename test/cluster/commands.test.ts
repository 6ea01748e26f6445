/** Commands for the shards of other processes, on the memory engine and in virtual time. */
import { describe, expect, test } from 'vitest';
import { CommandClient } from '../../src/cluster/commands/command-client.ts';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import { CommandServer } from '../../src/cluster/node/command-server.ts';
import { HeldShard } from '../../src/cluster/node/held-shard.ts';
import type { NodeShard } from '../../src/cluster/node/node-host.ts';
import type { NodeSeat } from '../../src/cluster/node/session-recorder.ts';
import { GatewayError } from '../../src/index.ts';
import type { SendPayload } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const TTL_MS = 9_000;

const voice = (guild: string): SendPayload => ({
  op: 4,
  d: { guild_id: guild, channel_id: null, self_mute: false, self_deaf: false },
});
const presence = (status: 'idle' | 'dnd'): SendPayload => ({
  op: 3,
  d: { since: null, activities: [], status: status as never, afk: false },
});

const labelOf = ({ op, d }: SendPayload): string => (op === 3 ? d.status : (d as { guild_id: string }).guild_id);

async function commandWorld() {
  const clock = new VirtualClock();
  const server = new MemoryServer({ leaseTtlMs: TTL_MS, clock });
  const line = new MemoryLine(server);
  const sending = await line.open({ report: () => undefined });
  const client = new CommandClient({ bus: sending.commands, instance: 'sender', clock });
  await sending.agree({ total: 1 });
  await sending.ownership({ kind: 'shards' }).join({ name: 'a', instance: 'a' });
  await clock.advanceAsync(TTL_MS);
  return {
    clock,
    line,
    client,
    /** A node that has the shard. What it sends goes into `sent`; while `isBusy`, it waits. */
    node: async (name: string) => {
      const connection = await new MemoryLine(server).open({ report: () => undefined });
      const ownership = connection.ownership({ kind: 'shards' });
      const member = { name, instance: name };
      const held = new Map<number, HeldShard>();
      const sent: string[] = [];
      const waiting = new Set<() => void>();
      const state = { isBusy: false };
      const shard = {
        shardId: 0,
        state: 'ready',
        send: async (payload: SendPayload, { signal }: { signal: AbortSignal }) => {
          if (state.isBusy)
            await new Promise<void>((resolve, reject) => {
              waiting.add(resolve);
              signal.addEventListener('abort', () => reject(new GatewayError('ABORTED', 'aborted')));
            });
          sent.push(labelOf(payload));
        },
        requestGuildMembers: async ({ guild_id: guildId }: { guild_id: string }) => {
          if (guildId === '404') throw new GatewayError('REQUEST_TIMED_OUT', 'no chunk');
          return { guildId, members: [], notFound: [], nonce: 'n' };
        },
      };
      const seat = {
        host: { clock, shards: new Map([[0, shard as unknown as NodeShard]]), reportFault: () => undefined },
        connection,
        member,
        leaseTtlMs: TTL_MS,
        held,
        onFenced: () => undefined,
      } as unknown as NodeSeat;
      const commands = new CommandServer(seat);
      commands.start();
      return {
        commands,
        sent,
        state,
        end: () => {
          state.isBusy = false;
          for (const resolve of waiting) resolve();
        },
        claim: async () => {
          held.set(0, new HeldShard((await ownership.claim(0, member))!, null));
          commands.onHeldChange();
          await clock.advanceAsync(10);
        },
        release: async () => {
          const { lease } = held.get(0)!;
          held.clear();
          commands.onHeldChange();
          await ownership.release(lease);
          await clock.advanceAsync(10);
        },
      };
    },
  };
}

describe('commands', () => {
  test('21: wait in order until a node has the shard', async () => {
    const { client, node, clock } = await commandWorld();
    const sends = ['1', '2', '3'].map((guild) => client.send(0, voice(guild)));
    await clock.advanceAsync(10_000);
    const owner = await node('a');
    await owner.claim();

    await expect(Promise.all(sends)).resolves.toEqual([undefined, undefined, undefined]);
    expect(owner.sent).toEqual(['1', '2', '3']);
    owner.commands.stop();
  });

  test('21: go to the next owner, at the head of the queue, if they were taken and not sent', async () => {
    const { client, node, clock } = await commandWorld();
    const [first, second] = [await node('a'), await node('b')];
    await first.claim();
    first.state.isBusy = true;
    const sends = ['1', '2'].map((guild) => client.send(0, voice(guild)));
    await clock.advanceAsync(10);
    await first.release();
    sends.push(client.send(0, voice('3')));
    await second.claim();

    await expect(Promise.all(sends)).resolves.toHaveLength(3);
    expect([first.sent, second.sent]).toEqual([[], ['1', '2', '3']]);
    first.commands.stop();
    second.commands.stop();
  });

  test('21: reject with NOT_DELIVERED when they are late, and are then not sent', async () => {
    const { client, node, clock } = await commandWorld();
    const late = client.send(0, voice('1'), { timeoutMs: 5_000 });
    late.catch(() => undefined);
    await clock.advanceAsync(5_000);
    const owner = await node('a');
    await owner.claim();

    await expect(late).rejects.toMatchObject({ code: 'NOT_DELIVERED' });
    expect(owner.sent).toEqual([]);
    owner.commands.stop();
  });

  test('21: of presences that wait the last one wins', async () => {
    const { client, node } = await commandWorld();
    const sends = [client.send(0, presence('idle')), client.send(0, voice('1')), client.send(0, presence('dnd'))];
    const owner = await node('a');
    await owner.claim();

    await expect(Promise.all(sends)).resolves.toHaveLength(3);
    expect(owner.sent).toEqual(['1', 'dnd']);
    owner.commands.stop();
  });

  test('21: answers and errors come back to the process that asked', async () => {
    const { client, node } = await commandWorld();
    const owner = await node('a');
    await owner.claim();
    const members = client.requestGuildMembers(0, { guild_id: '7', query: '', limit: 0 });
    const failing = client.requestGuildMembers(0, { guild_id: '404', query: '', limit: 0 });

    await expect(members).resolves.toEqual({ guildId: '7', members: [], notFound: [], nonce: 'n' });
    await expect(failing).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT', message: 'no chunk' });
    owner.commands.stop();
  });

  test('wait while the engine can not be reached, and are sent once', async () => {
    const { client, node, line, clock } = await commandWorld();
    const owner = await node('a');
    await owner.claim();
    line.set({ losesAnswers: true });
    const sent = client.send(0, voice('1'));
    await clock.advanceAsync(2_000);
    line.set();
    await clock.advanceAsync(2_000);

    await expect(sent).resolves.toBeUndefined();
    expect(owner.sent).toEqual(['1']);
    owner.commands.stop();
  });

  test('reject at once what Discord would not accept, and with ABORTED when the caller gives up', async () => {
    const { client, clock } = await commandWorld();
    const abort = new AbortController();
    const aborted = client.send(0, voice('1'), { signal: abort.signal });
    abort.abort();
    const stopped = client.send(0, voice('2'));
    client.close(new GatewayError('STOPPED', 'stopped'));

    await expect(client.send(0, { op: 1, d: {} } as never)).rejects.toMatchObject({ code: 'OPCODE_NOT_ALLOWED' });
    await expect(client.send(0, voice('1'), { timeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' });
    expect(clock.pending).toBe(0);
  });

  test('a full shard takes more when it has sent some', async () => {
    const { client, node, clock } = await commandWorld();
    const owner = await node('a');
    await owner.claim();
    owner.state.isBusy = true;
    const guilds = Array.from({ length: 50 }, (_, index) => `${index + 1}`);
    const sends = guilds.map((guild) => client.send(0, voice(guild)));
    await clock.advanceAsync(10);
    owner.end();
    await clock.advanceAsync(10);

    await expect(Promise.all(sends)).resolves.toHaveLength(50);
    expect(owner.sent).toEqual(guilds);
    owner.commands.stop();
  });
});
