/** Proves that each check can fail, and that no check fails for a correct shard. */
import { describe, expect, test } from 'vitest';
import type { Packet } from '../../src/protocol/packets.ts';
import { HEALTHY, HEALTHY_MANAGER, event } from '../../simulator/healthy-settings.ts';
import { CHECKS } from '../../simulator/checks/index.ts';
import type { CheckName } from '../../simulator/checks/index.ts';
import { runSimulation } from '../../simulator/run.ts';
import type { RunOptions, RunResult } from '../../simulator/run.ts';
import { BROKEN, BROKEN_MANAGERS, interfering, proc, throughProxy } from './broken-worlds.ts';
import {
  BROKEN_BY_OTHERS,
  CROSSING,
  CROSSING_FATAL,
  MANAGERS_BROKEN_BY_OTHERS,
  withoutCloseCodes,
  withoutFences,
} from './hostile-worlds.ts';
import { SocketProxy } from './socket-proxy.ts';

/** The user sends frames, and the gateway sends an op 1 that the shard does not receive. */
const ignoringHeartbeatRequests = (frames: number): Promise<RunResult> =>
  runSimulation(1, {
    script: [],
    setting: HEALTHY,
    checks: ['oracle'],
    ...throughProxy(
      (world, socket) =>
        new (class extends SocketProxy {
          protected override incoming(packet: Packet): Packet[] {
            return packet.op === 1 ? [] : [packet];
          }
        })(world, socket),
    ),
    ...interfering((world) => {
      const voice = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } } as const;
      world.clock.scheduleInProcess(() => {
        for (let n = 0; n < frames; n += 1)
          proc(world).trackPromise('send', () => proc(world).shard.send(voice, { ignoreRateLimit: true }));
      }, 60_000);
      world.clock.scheduleInWorld(() => proc(world).sockets.at(-1)!.connection!.send({ op: 1, d: null }), 61_000);
    }),
  });

const ALL_BROKEN: Readonly<Partial<Record<CheckName, RunOptions>>> = { ...BROKEN, ...BROKEN_BY_OTHERS };

const ALL_BROKEN_MANAGERS: Readonly<Partial<Record<CheckName, RunOptions>>> = {
  ...BROKEN_MANAGERS,
  ...MANAGERS_BROKEN_BY_OTHERS,
};

const CASES = [
  {
    what: 'shard',
    healthy: HEALTHY,
    script: [event(600_000, 'drop'), event(900_000, 'halfOpen'), event(1_200_000, 'invalidate')],
    checks: Object.keys(CHECKS) as CheckName[],
    allBroken: ALL_BROKEN,
  },
  {
    what: 'manager',
    healthy: HEALTHY_MANAGER,
    script: [
      event(600_000, 'drop'),
      event(900_000, 'reshard', 'action', 3),
      event(1_200_000, 'invalidate'),
      event(1_500_000, 'kill', 'action'),
      event(1_800_000, 'restart', 'action'),
      event(2_100_000, 'deploy', 'action', 10),
      event(2_400_000, 'refused', 'action'),
      event(2_700_000, 'deploy', 'action', 3),
    ],
    checks: Object.keys(ALL_BROKEN_MANAGERS) as CheckName[],
    allBroken: ALL_BROKEN_MANAGERS,
  },
] as const;

describe.each(CASES)('the checks of the simulator, with a $what', ({ healthy, script, checks, allBroken }) => {
  test('find no violation if it is correct', async () => {
    expect((await runSimulation(1, { setting: healthy, script })).violation).toBeNull();
  });

  test.each(checks)('%s fails if it is broken', async (check) => {
    const { setting, ...broken } = allBroken[check]!;
    const options = { script: [], ...broken, setting: { ...healthy, ...setting }, checks: [check] };
    expect((await runSimulation(1, options)).violation).toMatchObject({ check });
  });
});

describe('the checks of the simulator', () => {
  test.each([
    ['oracle', CROSSING, 'RESUME names session s1, which ended with close code 4003'],
    ['close-codes-read', CROSSING_FATAL, 'was opened although the gateway had closed with 4010'],
  ] as const)('%s finds a close code that is lost when the shard closes too', async (check, seed, what) => {
    const script = [event(600_000, 'crossingClose', 'fault', seed)];
    const options = { setting: HEALTHY, script, checks: [check] };
    const { violation } = await runSimulation(1, { ...options, ...withoutCloseCodes });
    expect(violation?.what).toContain(what);
    expect((await runSimulation(1, options)).violation).toBeNull();
  });

  test('exact-hand-over finds a process that returns with its own session', async () => {
    const options = { setting: HEALTHY, script: [event(600_000, 'takeTurns', 'action', 3)] };
    const { violation } = await runSimulation(1, { ...options, ...withoutFences, checks: ['exact-hand-over'] });
    expect(violation?.what).toContain('process 1 resumed behind number');
    expect((await runSimulation(1, options)).violation).toBeNull();
  });

  test('oracle accepts an op 1 without an answer only when the send limit leaves no frame for it', async () => {
    expect((await ignoringHeartbeatRequests(100)).violation?.what).toContain('heartbeat-answer');
    expect((await ignoringHeartbeatRequests(130)).violation).toBeNull();
  });
});
