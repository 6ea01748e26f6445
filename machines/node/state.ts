/** Maps the nested state of a node's machine to one word. */
import type { StateValue } from 'xstate';

/** Where a node is, in one word. */
export type NodeState = 'joining' | 'member' | 'degraded' | 'suspended' | 'draining' | 'left';

/** Returns the flat state for the nested value of a node's machine. */
export const nodeState = (value: StateValue): NodeState =>
  (typeof value === 'string' ? value : (Object.keys(value)[0] ?? 'left')) as NodeState;
