/**
 * A copy of a machine that says which transitions it takes. XState's pure functions give snapshots and actions, but not
 * the transitions; so each transition of the copy has one action more, which is its note.
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

/** The ids of the transitions noted among these actions. */
export const transitionIdsIn = (actions: readonly ExecutableActionObject[]): string[] =>
  actions.filter(isMarker).map(({ params }) => params as string);

export const withoutMarkers = (actions: readonly ExecutableActionObject[]): ExecutableActionObject[] =>
  actions.filter((action) => !isMarker(action));
