/**
 * Mutants that change nothing anybody could notice: id → why. They are counted apart; one that is killed after all,
 * or that is not there any more, is reported.
 */
const ALWAYS_RECONNECTS = 'the user insists, so the fork in `lost` has one way only';
const NO_SESSION = 'whoever identifies has no session that could be dropped';
const SAME_CODE = 'the code that is told is the one closed with when there is no other, and here both are the same';
const NEVER_CLOSED = 'a forced close sends no close frame, and tells of its own code';

export const EQUIVALENTS: Readonly<Record<string, string>> = {
  'shard.online on shard.reconnect: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.online on shard.reinstantiate: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.online on shard.resume: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.zombie on shard.reinstantiate: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.zombie on shard.resume: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.failed on shard.reinstantiate: drop action setSession': 'every fatal close has dropped the session already',
  'shard.restoring on session.unavailable: drop action setSession': 'who looks for a stored session has none',
  'action recordLoss: forget unreachableCount':
    'it only matters with a session, and whatever brings one starts the count anew: HELLO, or a session handed over',
  'loss readyTimeout: session → discard': NO_SESSION,
  'loss identify.refused: session → discard': NO_SESSION,
  'loss resume: session → discard': 'the session handed over takes the place of the one dropped in the same step',
  'loss shard.disconnect keep: code → null': SAME_CODE,
  'loss shard.disconnect discard: code → null': SAME_CODE,
  'loss shard.forceClose keep: code → null': SAME_CODE,
  'loss shard.forceClose discard: code → null': SAME_CODE,
  'loss shard.forceClose keep: closeWith → null': NEVER_CLOSED,
  'loss shard.forceClose keep: closeWith → 1000': NEVER_CLOSED,
  'loss shard.forceClose discard: closeWith → null': NEVER_CLOSED,
  'loss shard.forceClose discard: closeWith → 1000': NEVER_CLOSED,
};
