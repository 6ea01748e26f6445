/** The chart of a manager as a model: fixed random numbers, and every event that may happen. */
import type { SnapshotFrom } from 'xstate';
import { DEFAULT_TIMING, managerDelays, managerMachine } from '../../../machines/index.ts';
import type { GatewayInfo, ManagerEvent, ManagerInput } from '../../../machines/index.ts';
import { exploreTimed } from '../../../src/testing/index.ts';
import type { TimedGraph } from '../../../src/testing/index.ts';

export type ManagerMachine = typeof managerMachine;
export type ManagerSnapshot = SnapshotFrom<ManagerMachine>;

export const random = (): number => 0.5;

export const managerModel: ManagerMachine = managerMachine.provide({ delays: managerDelays(random) });

export const INPUT: ManagerInput = { timing: DEFAULT_TIMING, reserve: 2 };

const info = (remaining: number): GatewayInfo => ({
  url: 'wss://main.test',
  shards: 4,
  sessionStartLimit: { total: 1_000, remaining, resetAfterMs: 60_000, maxConcurrency: 1 },
});

const failure = { code: 'INTERNAL_ERROR', message: 'out of order' };

/** Every event that may happen. */
export const POSSIBLE_EVENTS: readonly ManagerEvent[] = [
  { type: 'manager.connect' },
  { type: 'manager.disconnect' },
  { type: 'manager.reshard', total: 7 },
  { type: 'manager.cancelReshard' },
  // Enough session starts for 7 shards and the reserve of 2, and one too few.
  { type: 'info.received', info: info(9) },
  { type: 'info.received', info: info(8) },
  { type: 'info.unavailable', failure, retryAfterMs: null },
  { type: 'info.unavailable', failure, retryAfterMs: 5_000 },
  { type: 'info.refused', failure },
  { type: 'fleet.settled' },
  { type: 'fleet.failed', failure },
  { type: 'fleet.closed' },
  { type: 'successor.ready' },
  { type: 'successor.connectionLost' },
  { type: 'successor.inService' },
  { type: 'successor.failed', failure },
];

/** Events that only a bug would send. Some violate the types. */
export const MALFORMED_EVENTS = [
  { type: 'manager.reshard' },
  { type: 'manager.reshard', total: Number.NaN },
  { type: 'info.received' },
  { type: 'info.received', info: null },
  { type: 'info.received', info: {} },
  { type: 'info.unavailable' },
  { type: 'info.unavailable', failure: null, retryAfterMs: Number.NaN },
  { type: 'info.refused' },
  { type: 'fleet.failed' },
  { type: 'successor.failed', failure: undefined },
  { type: 'manager.unheardOf' },
  { type: '' },
] as unknown as readonly ManagerEvent[];

const key = ({ context: { attempt, failure: why, info: known, retryAfterMs } }: ManagerSnapshot): string =>
  JSON.stringify([attempt, why !== null, known !== null, retryAfterMs]);

export const exploreManager = (machine: ManagerMachine = managerModel): TimedGraph<ManagerMachine> =>
  exploreTimed(machine, {
    inputs: [INPUT],
    events: () => POSSIBLE_EVENTS,
    key,
    // Further attempts lead to nothing new.
    stopWhen: ({ context }) => context.attempt > 2,
  });
