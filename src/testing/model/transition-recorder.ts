/** Takes down which transitions running actors take. The one place that reads `_transitions` of XState's inspection. */
import type { ActorRefLike, InspectionEvent } from 'xstate';
import { transitionId } from '../../../machines/transitions.ts';
import { pairsIn } from './transition-pairs.ts';
import type { Microstep } from './transition-pairs.ts';

const isId = (id: string | undefined): id is string => id !== undefined;

/** The ids of the transitions that an inspection event tells of; none unless it is an `@xstate.microstep`. */
export function microstepOf(event: InspectionEvent): Microstep {
  if (event.type !== '@xstate.microstep') return [];
  const { _transitions: transitions } = event;
  return transitions.map(transitionId).filter(isId);
}

/**
 * An inspector that counts coverage. One recorder may watch many actors, at once or one after the other.
 *
 * Of two parallel regions that leave their parent on the same event XState takes the first; inspection names both.
 *
 * @example
 * ```ts
 * const recorder = new TransitionRecorder();
 * const shard = new Shard({ token, intents, inspect: recorder.observe });
 * // …
 * recorder.missing(transitionsOf(shardMachine).map(({ id }) => id)); // what no test has taken
 * ```
 */
export class TransitionRecorder {
  /** The ids of the transitions taken, and those taken right after another by the same actor, as in `reachable()`. */
  readonly covered = { transitions: new Set<string>(), pairs: new Set<string>() };
  readonly #last = new WeakMap<ActorRefLike, Microstep>();

  /** To be given as `inspect`. */
  readonly observe = (event: InspectionEvent): void => {
    const taken = microstepOf(event);
    if (taken.length === 0) return;
    for (const id of taken) this.covered.transitions.add(id);
    for (const pair of pairsIn(this.#last.get(event.actorRef) ?? [], [taken])) this.covered.pairs.add(pair);
    this.#last.set(event.actorRef, taken);
  };

  /** Those of the transitions or pairs that have not been taken. */
  missing(ids: Iterable<string>): string[] {
    const { transitions, pairs } = this.covered;
    return [...ids].filter((id) => !transitions.has(id) && !pairs.has(id));
  }
}
