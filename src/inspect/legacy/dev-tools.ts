/** What inspectors made for XState 4 leave in `globalThis.__xstate__`, and what they expect of what is registered. */
import { GatewayError } from '../../protocol/errors.ts';
import type { LegacyDefinition } from './definition.ts';
import type { LegacyEvent, LegacyState } from './state.ts';

export interface LegacySubscription {
  unsubscribe(): void;
}

/** As much of an interpreter of XState 4 as inspectors look at. */
export interface InspectedService {
  readonly id: string;
  readonly sessionId: string;
  readonly machine: { readonly definition: LegacyDefinition; toJSON(): LegacyDefinition };
  readonly state: LegacyState;
  /** Inspectors replace it by one that takes down what is sent. */
  send: (event: LegacyEvent) => void;
  subscribe(listener: (state: LegacyState) => void): LegacySubscription;
  onStop(listener: () => void): void;
}

export interface LegacyDevTools {
  register(service: InspectedService): void;
}

const isDevTools = (value: unknown): value is LegacyDevTools =>
  typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function';

/** @throws {@link GatewayError} `NO_INSPECTOR` */
export function presentDevTools(): LegacyDevTools {
  const devTools: unknown = Reflect.get(globalThis, '__xstate__');
  if (isDevTools(devTools)) return devTools;
  throw new GatewayError('NO_INSPECTOR', 'there is no globalThis.__xstate__ to register the shard with');
}
