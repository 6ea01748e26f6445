/** All checks, by name. */
import type { Setting } from '../setting.ts';
import type { Check } from './check.ts';
import { delivery, nothingLost, resumedCount, typedListeners } from './delivery.ts';
import {
  noAbortListeners,
  noInternalError,
  noWaitingPermits,
  noSockets,
  noTimers,
  noUncaught,
  promisesSettle,
  readyAgain,
} from './shutdown.ts';
import { bucketOrder, eventsKept, eventsOnce, oneError } from './manager.ts';
import { noOracleComplaints } from './oracle.ts';
import {
  framesPerMinute,
  identifyBudget,
  identifyNeedless,
  identifyPatience,
  identifySpacing,
  presences,
} from './sending.ts';
import { storeFresh, storeWritesBounded } from './store.ts';
import { buffersBounded, managerBuffersBounded } from './buffers.ts';
import { managerStreams } from './manager-streams.ts';
import { storeBehind, streamsAgree } from './streams.ts';
import { oddDelivered, poisonSkipped, unreadableBounded } from './hostile.ts';
import { exactHandOver, oneOwner, ownerWrites } from './ownership.ts';
import { refusalNamed, refusedOnce } from './refusals.ts';
import { failureHeard } from './failures.ts';
import { closeCodesRead } from './close-codes.ts';
import { promptReturn } from './outages.ts';
import { heartbeatsOnTime, noWrongZombie, sleepNoticed, zombieReplaced } from './heartbeats.ts';

export const CHECKS = {
  delivery: delivery,
  'nothing-lost': nothingLost,
  'typed-listeners': typedListeners,
  'resumed-count': resumedCount,
  // Before the checks that follow the streams: it looks at what waits before each dispatch.
  'buffers-bounded': buffersBounded,
  'streams-agree': streamsAgree,
  'store-behind': storeBehind,
  'store-fresh': storeFresh,
  'store-writes-bounded': storeWritesBounded,
  'frames-per-minute': framesPerMinute,
  presences: presences,
  'identify-spacing': identifySpacing,
  'identify-budget': identifyBudget,
  'identify-needless': identifyNeedless,
  'identify-patience': identifyPatience,
  'heartbeats-on-time': heartbeatsOnTime,
  'zombie-replaced': zombieReplaced,
  'no-wrong-zombie': noWrongZombie,
  'sleep-noticed': sleepNoticed,
  'prompt-return': promptReturn,
  'close-codes-read': closeCodesRead,
  'failure-heard': failureHeard,
  'ready-again': readyAgain,
  'promises-settle': promisesSettle,
  'no-timers': noTimers,
  'no-sockets': noSockets,
  'no-waiting-permits': noWaitingPermits,
  'no-abort-listeners': noAbortListeners,
  'no-uncaught': noUncaught,
  'no-internal-error': noInternalError,
  oracle: noOracleComplaints,
  'events-once': eventsOnce,
  'events-kept': eventsKept,
  'poison-skipped': poisonSkipped,
  'unreadable-bounded': unreadableBounded,
  'odd-delivered': oddDelivered,
  'refused-once': refusedOnce,
  'refusal-named': refusalNamed,
  'one-owner': oneOwner,
  'owner-writes': ownerWrites,
  'exact-hand-over': exactHandOver,
  'bucket-order': bucketOrder,
  'one-error': oneError,
  // Before the check that follows the streams, as for shards.
  'manager-buffers-bounded': managerBuffersBounded,
  'manager-streams': managerStreams,
} as const satisfies Record<string, Check>;

export type CheckName = keyof typeof CHECKS;

const ALL = Object.keys(CHECKS) as CheckName[];
/** Checks that follow the listeners and the store of a single shard. */
const OF_SHARDS: readonly CheckName[] = [
  'delivery',
  'nothing-lost',
  'typed-listeners',
  'resumed-count',
  'buffers-bounded',
  'streams-agree',
  'store-behind',
  'store-fresh',
  'identify-needless',
  'identify-patience',
  'prompt-return',
  'no-wrong-zombie',
  'poison-skipped',
  'odd-delivered',
  'exact-hand-over',
  'unreadable-bounded',
];
const OF_MANAGERS: readonly CheckName[] = [
  'events-once',
  'events-kept',
  'bucket-order',
  'one-error',
  'manager-buffers-bounded',
  'manager-streams',
];

export const checksOf = ({ manager }: Setting): CheckName[] =>
  ALL.filter((name) => !(manager === null ? OF_MANAGERS : OF_SHARDS).includes(name));
