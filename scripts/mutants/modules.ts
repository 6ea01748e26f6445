/** The mutated modules: which exports the mutants replace, and how to make the mutants. */
import type { AnyStateMachine } from 'xstate';
import type * as CloseCodes from '../../machines/close-codes.ts';
import type * as Losses from '../../machines/losses.ts';
import type * as Delays from '../../machines/shard/delays.ts';
import { chartMutants } from './chart.ts';
import type { Mutant } from './mutant.ts';
import { closeCodeMutants, lossMutants } from './tables.ts';
import { assignmentMutants, delayMutants } from './setup-mutants.ts';

interface MutatedModule {
  readonly names: readonly string[];
  readonly mutants: (exports: never) => Mutant<never>[];
}

const module = <Exports>(
  names: readonly (keyof Exports & string)[],
  mutants: (exports: Exports) => Mutant<Exports>[],
): MutatedModule => ({
  names,
  mutants: mutants as unknown as MutatedModule['mutants'],
});

interface Machine {
  readonly shardMachine: AnyStateMachine;
}

const machineMutants = ({ shardMachine }: Machine): Mutant<Machine>[] =>
  [...chartMutants(shardMachine), ...assignmentMutants(shardMachine)].map(({ id, apply }) => ({
    id,
    apply: (original) => ({ shardMachine: apply(original.shardMachine) }),
  }));

/** By path from the root of the repository. */
export const MODULES: Readonly<Record<string, MutatedModule>> = {
  'machines/shard/shard.machine.ts': module<Machine>(['shardMachine'], machineMutants),
  'machines/shard/delays.ts': module<typeof Delays>(['shardDelays'], delayMutants),
  'machines/losses.ts': module<typeof Losses>(['lossOf'], lossMutants),
  'machines/close-codes.ts': module<typeof CloseCodes>(['CLOSE_CODES', 'closePolicy'], closeCodeMutants),
};

export const mutantsOf = (file: string, exports: object): Mutant<object>[] =>
  (MODULES[file]?.mutants as ((exports: object) => Mutant<object>[]) | undefined)?.(exports) ?? [];
