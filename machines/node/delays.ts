/** The delays of a node's chart, by name. */
import type { NodeContext } from './context.ts';

/** How long the engine may take to answer, at most. */
const MAX_CALL_MS = 5_000;
/** How often a watchful node looks, at least: a dead node's shards are taken over within a second. */
const MAX_WATCH_MS = 500;
/** The pause before an engine that failed is asked again, at most. */
const MAX_RETRY_MS = 1_000;

type Delay = (args: { context: NodeContext }) => number;

/** A lease is renewed three times before it ends. */
export const renewIntervalMs = (leaseTtlMs: number): number => leaseTtlMs / 3;

export const nodeDelays = {
  renewInterval: ({ context }) => renewIntervalMs(context.leaseTtlMs),
  lookInterval: ({ context: { isWatchful, leaseTtlMs } }) =>
    isWatchful ? Math.min(MAX_WATCH_MS, leaseTtlMs / 12) : leaseTtlMs * 0.3,
  callTimeout: ({ context }) => Math.min(MAX_CALL_MS, context.leaseTtlMs / 4),
  retryDelay: ({ context }) => Math.min(MAX_RETRY_MS, context.leaseTtlMs / 12),
  handOverTimeout: ({ context }) => context.closeTimeoutMs,
} satisfies Record<string, Delay>;
