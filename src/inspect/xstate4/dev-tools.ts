/** What inspectors made for XState 4 leave in `globalThis.__xstate__`, and what they expect of what is registered. */
import { GatewayError } from '../../protocol/errors.ts';
import type { XState4Definition } from './definition.ts';
import type { XState4Event, XState4State } from './state.ts';

export interface XState4Subscription {
  unsubscribe(): void;
}

/** As much of an interpreter of XState 4 as inspectors look at. */
export interface InspectedXState4Service {
  readonly id: string;
  readonly sessionId: string;
  readonly machine: { readonly definition: XState4Definition; toJSON(): XState4Definition };
  readonly state: XState4State;
  /** Inspectors replace it by one that takes down what is sent. */
  send: (event: XState4Event) => void;
  subscribe(listener: (state: XState4State) => void): XState4Subscription;
  onStop(listener: () => void): void;
}

export interface XState4DevTools {
  register(service: InspectedXState4Service): void;
}

const isDevTools = (value: unknown): value is XState4DevTools =>
  typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function';

/** @throws {@link GatewayError} `NO_INSPECTOR` */
export function requireDevTools(): XState4DevTools {
  const devTools: unknown = Reflect.get(globalThis, '__xstate__');
  if (isDevTools(devTools)) return devTools;
  throw new GatewayError('NO_INSPECTOR', 'there is no globalThis.__xstate__ to register the shard with');
}
