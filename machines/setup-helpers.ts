/** Helpers for the two setups: placeholder actors, and the type of what the helper functions of a chart receive. */
import { fromCallback } from 'xstate';

/** A placeholder that throws when it runs, so that an actor you forgot to provide shows at once. */
export const unimplementedActor = <Command extends { type: string }, Input>(name: string) =>
  fromCallback<Command, Input>(() => {
    throw new Error(`provide the "${name}" actor`);
  });

/** The arguments of an action or a guard, narrowed to the events that lead there. */
export interface EventArgs<Event extends { type: string }, Type extends Event['type']> {
  readonly event: Extract<Event, { type: Type }>;
}
