/** Maps the nested state of a manager's machine to the one word of `manager.state`. */
import type { StateValue } from 'xstate';

/** Where a manager is, in one word. */
export type ManagerState = 'stopped' | 'starting' | 'running' | 'resharding' | 'draining' | 'failed';

const keyOf = (value: StateValue): string => (typeof value === 'string' ? value : (Object.keys(value)[0] ?? 'stopped'));

/** Returns the flat state for the nested value of a manager's machine. */
export function managerState(value: StateValue): ManagerState {
  const active = typeof value === 'object' ? value['active'] : undefined;
  return keyOf(active ?? value) as ManagerState;
}
