/** Converts events and states to the format of XState 4, without objects that could hold a session or payload. */
import type { AnyEventObject, AnyMachineSnapshot, StateValue } from 'xstate';

export interface XState4Event {
  readonly type: string;
  readonly [field: string]: string | number | boolean | null;
}

/** The fields that `State.create` of XState 4 reads. */
export interface XState4State {
  readonly value: StateValue;
  readonly context: Readonly<Record<string, never>>;
  readonly event: XState4Event;
  readonly _event: {
    readonly $$type: 'scxml';
    readonly type: 'external';
    readonly name: string;
    readonly data: XState4Event;
  };
  readonly _sessionid: string;
  readonly actions: readonly never[];
  readonly activities: Readonly<Record<string, never>>;
  readonly events: readonly never[];
  readonly children: Readonly<Record<string, never>>;
  readonly tags: readonly string[];
  readonly done: boolean;
}

/** XState 4's name for the time before the first event. */
export const INIT: XState4Event = { type: 'xstate.init' };

/** Both versions name the event of a delayed transition after its delay and its state, in different formats. */
const toXState4EventType = (type: string): string =>
  type.replace(/^xstate\.after\.([^.]+)\.(.+)$/, 'xstate.after($1)#$2');

const isPlain = (value: unknown): value is string | number | boolean | null =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** Drops the fields that are objects, since sessions and causes are objects. */
export function toXState4Event({ type, ...fields }: AnyEventObject): XState4Event {
  const plainFields = Object.entries(fields).filter((field): field is [string, string | number | boolean | null] =>
    isPlain(field[1]),
  );
  return { ...Object.fromEntries(plainFields), type: toXState4EventType(type) };
}

export const toXState4State = (
  { value, tags, status }: AnyMachineSnapshot,
  event: XState4Event,
  sessionId: string,
): XState4State => ({
  value,
  context: {},
  event,
  _event: { $$type: 'scxml', type: 'external', name: event.type, data: event },
  _sessionid: sessionId,
  actions: [],
  activities: {},
  events: [],
  children: {},
  tags: [...tags],
  done: status === 'done',
});
