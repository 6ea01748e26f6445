/** The interface between inspectors made for XState 4, found in `globalThis.__xstate__`, and a registered service. */
import { GatewayError } from '../../protocol/errors.ts';
import type { XState4Definition } from './definition.ts';
import type { XState4Event, XState4State } from './state.ts';

export interface XState4Subscription {
  unsubscribe(): void;
}

/** The part of an XState 4 interpreter that inspectors use. */
export interface InspectedXState4Service {
  readonly id: string;
  readonly sessionId: string;
  readonly machine: { readonly definition: XState4Definition; toJSON(): XState4Definition };
  readonly state: XState4State;
  /** Inspectors replace it with a function that records events. */
  send: (event: XState4Event) => void;
  subscribe(listener: (state: XState4State) => void): XState4Subscription;
  onStop(listener: () => void): void;
}

export interface XState4DevTools {
  register(service: InspectedXState4Service): void;
}

const isDevTools = (value: unknown): value is XState4DevTools =>
  typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function';

/** @throws {@link GatewayError} `NO_INSPECTOR` if no inspector is there. */
export function requireDevTools(): XState4DevTools {
  const devTools: unknown = Reflect.get(globalThis, '__xstate__');
  if (isDevTools(devTools)) return devTools;
  throw new GatewayError('NO_INSPECTOR', 'no inspector is in globalThis.__xstate__');
}
