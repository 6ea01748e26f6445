/** The nine states of a shard, each with its own shape and colour. */
import type { ManagerState, ShardState } from '../../../../machines/index.ts';

export interface StateAppearance {
  readonly state: ShardState;
  /** An SVG path in a box of 16 × 16. Shapes differ, so that states can be distinguished without colours. */
  readonly path: string;
  /** An outline when `stroke`, else filled. */
  readonly paint: 'fill' | 'stroke';
}

export const STATES: readonly StateAppearance[] = [
  { state: 'ready', paint: 'fill', path: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11Z' },
  { state: 'connecting', paint: 'stroke', path: 'M8 3.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6Z' },
  { state: 'identifying', paint: 'fill', path: 'M8 1.5L14.5 8L8 14.5L1.5 8Z' },
  { state: 'resuming', paint: 'fill', path: 'M3.5 2L14 8L3.5 14Z' },
  { state: 'reconnecting', paint: 'stroke', path: 'M8 3L13.6 13H2.4Z' },
  { state: 'zombie', paint: 'stroke', path: 'M3 3L13 13M13 3L3 13' },
  { state: 'disconnecting', paint: 'fill', path: 'M2 6H14V10H2Z' },
  { state: 'disconnected', paint: 'stroke', path: 'M3 3H13V13H3Z' },
  { state: 'failed', paint: 'fill', path: 'M5.3 1.5H10.7L14.5 5.3V10.7L10.7 14.5H5.3L1.5 10.7V5.3ZM5 7V9H11V7Z' },
];

const APPEARANCES: ReadonlyMap<string, StateAppearance> = new Map(
  STATES.map((appearance) => [appearance.state, appearance]),
);

export const appearanceOf = (state: string): StateAppearance | undefined => APPEARANCES.get(state);

export const isShardState = (value: unknown): value is ShardState =>
  typeof value === 'string' && APPEARANCES.has(value);

/** The states of a chart before there is a socket. */
const STARTING_STATES: ReadonlySet<string> = new Set(['restoring', 'awaitingOwner', 'warmingUp']);

/** Returns the flat state for the active states of a chart, or `null` for the chart of a manager. */
export function flatStateOf(active: readonly string[]): ShardState | null {
  const names = active.flatMap((id) => id.split('.')).map((key) => (STARTING_STATES.has(key) ? 'connecting' : key));
  return names.find(isShardState) ?? null;
}

/** Each state of a manager has the colour of a similar state of a shard. */
export const MANAGER_COLORS: Readonly<Record<ManagerState, ShardState>> = {
  running: 'ready',
  starting: 'connecting',
  resharding: 'identifying',
  draining: 'disconnecting',
  stopped: 'disconnected',
  failed: 'failed',
};

export const MANAGER_STATES: readonly string[] = Object.keys(MANAGER_COLORS);

export const isManagerState = (value: unknown): value is ManagerState =>
  typeof value === 'string' && Object.hasOwn(MANAGER_COLORS, value);
