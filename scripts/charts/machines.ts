/** The machines that are drawn, with the options of each chart. */
import type { AnyStateMachine } from 'xstate';
import { CLOSE_CODES, closePolicy, managerMachine, nodeMachine, shardMachine } from '../../machines/index.ts';
import type { CloseAction } from '../../machines/index.ts';
import type { ChartOptions } from './chart.ts';

export interface ChartSource {
  readonly machine: AnyStateMachine;
  readonly options: ChartOptions;
}

/** Returns sorted numbers, with consecutive ones as a range: `4004, 4010–4014`. */
function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}

const codesFor = (action: CloseAction): string =>
  ranges(
    Object.keys(CLOSE_CODES)
      .map(Number)
      .filter((code) => closePolicy(code).action === action),
  );

export const MACHINES: readonly ChartSource[] = [
  {
    machine: shardMachine,
    options: {
      notes: { isFatal: codesFor('fail') },
      inlineEvents: new Set([
        'shard.connectWith',
        'shard.disconnect',
        'shard.forceClose',
        'shard.resume',
        'shard.reinstantiate',
        'shard.reconnect',
        'socket.closeCompleted',
      ]),
    },
  },
  { machine: managerMachine, options: { notes: {}, inlineEvents: new Set(['manager.disconnect']) } },
  { machine: nodeMachine, options: { notes: {}, inlineEvents: new Set(['node.leave', 'process.woke']) } },
];
