/** The colour of each shard state on a terminal. */
import type { ShardState } from '../index.ts';
import type { Style } from './colors.ts';

export const STATE_STYLES: Readonly<Record<ShardState, Style>> = {
  disconnected: 'dim',
  connecting: 'cyan',
  identifying: 'cyan',
  resuming: 'cyan',
  ready: 'green',
  zombie: 'red',
  reconnecting: 'yellow',
  disconnecting: 'dim',
  failed: 'red',
};
