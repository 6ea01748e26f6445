/**
 * A copy of a machine that says which transitions it takes. XState's pure functions give snapshots and actions, but not
 * the transitions; so each transition of the copy has one action more, which is its note.
 */
import type { AnyStateMachine, ExecutableActionObject } from 'xstate';
import { eachTransition } from '../../chart-transition.ts';

const NOTE = 'shardwright.testing.note';

const copies = new WeakMap<AnyStateMachine, AnyStateMachine>();

export function notedMachine<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const known = copies.get(machine);
  if (known !== undefined) return known as Machine;
  const copy = machine.provide({}) as Machine;
  eachTransition(copy, (id, transition) => {
    transition.actions = [{ type: NOTE, params: id }, ...transition.actions];
  });
  copies.set(machine, copy);
  return copy;
}

const isNote = ({ type }: ExecutableActionObject): boolean => type === NOTE;

/** The ids of the transitions noted among these actions. */
export const notesAmong = (actions: readonly ExecutableActionObject[]): string[] =>
  actions.filter(isNote).map(({ params }) => params as string);

export const withoutNotes = (actions: readonly ExecutableActionObject[]): ExecutableActionObject[] =>
  actions.filter((action) => !isNote(action));
