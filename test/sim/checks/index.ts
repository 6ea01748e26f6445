/** All checks, by name. */
import type { Check } from './check.ts';
import { delivery, nothingLost, resumedCount, typedListeners } from './delivery.ts';
import { noAbortListeners, noInternalError, noPlaces, noSockets, noTimers, noUncaught, promisesSettle, readyAgain } from './endings.ts';
import { oracleContent } from './oracle.ts';
import { framesPerMinute, identifyBudget, identifyNeedless, identifyPatience, identifySpacing, presences } from './sending.ts';
import { storeBehind, streamsAgree } from './streams.ts';
import { beatsOnTime, zombieReplaced } from './times.ts';

export const CHECKS = {
  'delivery': delivery,
  'nothing-lost': nothingLost,
  'typed-listeners': typedListeners,
  'resumed-count': resumedCount,
  'streams-agree': streamsAgree,
  'store-behind': storeBehind,
  'frames-per-minute': framesPerMinute,
  'presences': presences,
  'identify-spacing': identifySpacing,
  'identify-budget': identifyBudget,
  'identify-needless': identifyNeedless,
  'identify-patience': identifyPatience,
  'beats-on-time': beatsOnTime,
  'zombie-replaced': zombieReplaced,
  'ready-again': readyAgain,
  'promises-settle': promisesSettle,
  'no-timers': noTimers,
  'no-sockets': noSockets,
  'no-places': noPlaces,
  'no-abort-listeners': noAbortListeners,
  'no-uncaught': noUncaught,
  'no-internal-error': noInternalError,
  'oracle': oracleContent,
} as const satisfies Record<string, Check>;

export type CheckName = keyof typeof CHECKS;
