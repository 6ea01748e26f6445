/** One flat word for where a fleet is, from the nested value of its machine. */
import type { StateValue } from 'xstate';

export type ManagerState = 'stopped' | 'starting' | 'running' | 'resharding' | 'draining' | 'failed';

const keyOf = (value: StateValue): string => (typeof value === 'string' ? value : (Object.keys(value)[0] ?? 'stopped'));

export function managerState(value: StateValue): ManagerState {
  const active = typeof value === 'object' ? value['active'] : undefined;
  return keyOf(active ?? value) as ManagerState;
}
