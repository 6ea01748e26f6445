/** Records which transitions running actors take. Only this file reads `_transitions` of XState's inspection events. */
import type { ActorRefLike, InspectionEvent } from 'xstate';
import { transitionId } from '../../../machines/transitions.ts';
import { pairsIn } from './transition-pairs.ts';
import type { Microstep } from './transition-pairs.ts';

const isId = (id: string | undefined): id is string => id !== undefined;

/** Returns the ids of the transitions in an inspection event; empty unless it is an `@xstate.microstep`. */
export function microstepOf(event: InspectionEvent): Microstep {
  if (event.type !== '@xstate.microstep') return [];
  const { _transitions: transitions } = event;
  return transitions.map(transitionId).filter(isId);
}

/**
 * Records which transitions actors take, to measure coverage. One recorder may observe many actors.
 *
 * When two parallel regions leave their parent on the same event, XState takes only the first transition, but its
 * inspection event names both.
 *
 * @example
 * ```ts
 * const recorder = new TransitionRecorder();
 * const shard = new Shard({ token, intents, inspect: recorder.observe });
 * // …
 * recorder.missing(transitionsOf(shardMachine).map(({ id }) => id)); // the transitions that no test took
 * ```
 */
export class TransitionRecorder {
  /** The ids of the transitions taken, and of the pairs that one actor took in a row, as in {@link reachable}. */
  readonly covered = { transitions: new Set<string>(), pairs: new Set<string>() };
  readonly #last = new WeakMap<ActorRefLike, Microstep>();

  /** The observer: give it as `inspect` to an actor or a shard. */
  readonly observe = (event: InspectionEvent): void => {
    const taken = microstepOf(event);
    if (taken.length === 0) return;
    for (const id of taken) this.covered.transitions.add(id);
    for (const pair of pairsIn(this.#last.get(event.actorRef) ?? [], [taken])) this.covered.pairs.add(pair);
    this.#last.set(event.actorRef, taken);
  };

  /** Returns those ids of transitions or pairs that no observed actor took. */
  missing(ids: Iterable<string>): string[] {
    const { transitions, pairs } = this.covered;
    return [...ids].filter((id) => !transitions.has(id) && !pairs.has(id));
  }
}
