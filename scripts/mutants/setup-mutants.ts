/** Makes the mutants of a machine's setup: the context that its actions assign, and the length of its delays. */
import { assign, enqueueActions } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import type { shardDelays } from '../../machines/shard/delays.ts';
import type { Mutant } from './mutant.ts';

type Assignment = Record<string, unknown>;

/** An action of XState, with the arguments that created it. */
interface CreatedAction {
  readonly assignment?: Assignment;
  readonly collect?: (args: Args, params: unknown) => void;
}

interface Args {
  readonly enqueue: { assign: (assignment: Assignment) => void };
}

const without = (assignment: Assignment, key: string): Assignment =>
  Object.fromEntries(Object.entries(assignment).filter(([each]) => each !== key));

/** Returns the keys that an action assigns, from its source. */
function assignedKeys({ assignment, collect }: CreatedAction): string[] {
  if (assignment !== undefined) return Object.keys(assignment);
  const assignments = String(collect ?? '').matchAll(/\bassign\(\{([^}]*)\}/g);
  return [
    ...new Set(
      [...assignments].flatMap(([, body = '']) => [...body.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, key = '']) => key)),
    ),
  ];
}

function withoutKey({ assignment, collect }: CreatedAction, key: string): unknown {
  if (assignment !== undefined) return assign(without(assignment, key) as never);
  return enqueueActions((args: Args, params: unknown) => {
    const { enqueue } = args;
    const filtered = Object.assign(
      (...all: never[]) => (enqueue as unknown as (...each: never[]) => void)(...all),
      enqueue,
      {
        assign: (all: Assignment) => enqueue.assign(without(all, key)),
      },
    );
    collect?.({ ...args, enqueue: filtered }, params);
  });
}

/** Each mutant omits one key that an action assigns. An action with one key is dropped by the chart's mutants. */
export function assignmentMutants(
  machine: AnyStateMachine,
): { id: string; apply: (original: AnyStateMachine) => AnyStateMachine }[] {
  return Object.entries(machine.implementations.actions).flatMap(([name, action]) => {
    const created = action as unknown as CreatedAction;
    const keys = assignedKeys(created);
    if (keys.length < 2) return [];
    return keys.map((key) => ({
      id: `action ${name}: forget ${key}`,
      apply: (original: AnyStateMachine) =>
        original.provide({ actions: { [name]: withoutKey(created, key) } } as never),
    }));
  });
}

interface Delays {
  readonly shardDelays: typeof shardDelays;
}

const FACTORS = { '× 10': 10, '÷ 10': 0.1 } as const;

/** Each mutant makes one delay ten times longer or shorter. The chart's mutants drop the transitions of delays. */
export const delayMutants = ({ shardDelays: original }: Delays): Mutant<Delays>[] =>
  Object.keys(original({ random: () => 1 })).flatMap((name) =>
    Object.entries(FACTORS).map(([how, factor]) => ({
      id: `delay ${name}: ${how}`,
      apply: (exports: Delays) => ({
        shardDelays: (dependencies: Parameters<typeof original>[0]) => {
          const delays: Record<string, (args: never) => number> = exports.shardDelays(dependencies);
          return { ...delays, [name]: (args: never) => (delays[name]?.(args) ?? 0) * factor } as ReturnType<
            typeof original
          >;
        },
      }),
    })),
  );
