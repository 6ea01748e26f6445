/**
 * Makes a copy of a machine that reports which transitions it takes. XState's pure functions return snapshots and
 * actions, but not transitions. So each transition of the copy has one more action, which marks it.
 */
import type { AnyStateMachine, ExecutableActionObject } from 'xstate';
import { eachTransition } from '../../../machines/transitions.ts';

const MARKER = 'shardwright.testing.marker';

const copies = new WeakMap<AnyStateMachine, AnyStateMachine>();

export function instrumentedMachine<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const known = copies.get(machine);
  if (known !== undefined) return known as Machine;
  const copy = machine.provide({}) as Machine;
  eachTransition(copy, (id, transition) => {
    transition.actions = [{ type: MARKER, params: id }, ...transition.actions];
  });
  copies.set(machine, copy);
  return copy;
}

const isMarker = ({ type }: ExecutableActionObject): boolean => type === MARKER;

/** Returns the ids of the transitions that markers among these actions name. */
export const transitionIdsIn = (actions: readonly ExecutableActionObject[]): string[] =>
  actions.filter(isMarker).map(({ params }) => params as string);

export const withoutMarkers = (actions: readonly ExecutableActionObject[]): ExecutableActionObject[] =>
  actions.filter((action) => !isMarker(action));
