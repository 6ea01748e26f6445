/**
 * Mutants that change no behaviour, with the reason. They are counted separately. The command reports an entry that a
 * test kills, or whose mutant no longer exists.
 */
const ALWAYS_RECONNECTS = 'the user asked to reconnect, so the fork in `lost` has only one way';
const NO_SESSION = 'a shard that identifies has no session to drop';
const SAME_CODE = 'without a code the event reports the one that closed the socket, and here both are the same';
const NEVER_CLOSED = 'a forced close sends no close frame, and reports its own code';

export const EQUIVALENTS: Readonly<Record<string, string>> = {
  'shard.online on shard.reconnect: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.online on shard.reinstantiate: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.online on shard.resume: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.zombie on shard.reinstantiate: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.zombie on shard.resume: lost → reconnecting': ALWAYS_RECONNECTS,
  'shard.restoring on session.unavailable: drop action setSession': 'a shard that loads a stored session has none',
  'action recordLoss: forget unreachableCount':
    'the count matters only with a session, and HELLO or a session from the user resets it',
  'loss readyTimeout: session → discard': NO_SESSION,
  'loss identify.refused: session → discard': NO_SESSION,
  'loss resume: session → discard': 'the session from the user replaces the dropped one in the same step',
  'loss shard.disconnect keep: code → null': SAME_CODE,
  'loss shard.disconnect discard: code → null': SAME_CODE,
  'loss shard.forceClose keep: code → null': SAME_CODE,
  'loss shard.forceClose discard: code → null': SAME_CODE,
  'loss shard.forceClose keep: closeWith → null': NEVER_CLOSED,
  'loss shard.forceClose keep: closeWith → 1000': NEVER_CLOSED,
  'loss shard.forceClose discard: closeWith → null': NEVER_CLOSED,
  'loss shard.forceClose discard: closeWith → 1000': NEVER_CLOSED,
};
