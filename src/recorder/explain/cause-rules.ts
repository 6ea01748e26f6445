/** All causes, the more telling ones first. A new cause is a new row in one of the tables. */
import type { CauseRule } from './cause-rule.ts';
import { FAILURE_CAUSES, OTHER_CAUSES } from './causes/failure-causes.ts';
import { EXPIRED_CAUSE, GATEWAY_CAUSES, RATE_LIMITED_CAUSE, STORM_CAUSE } from './causes/gateway-causes.ts';
import { NETWORK_CAUSES, QUIET_CAUSES } from './causes/network-causes.ts';
import { PROCESS_CAUSES } from './causes/process-causes.ts';
import type { Episode } from './episode.ts';

const CAUSE_RULES: readonly CauseRule[] = [
  ...FAILURE_CAUSES,
  RATE_LIMITED_CAUSE,
  STORM_CAUSE,
  ...PROCESS_CAUSES,
  ...NETWORK_CAUSES,
  EXPIRED_CAUSE,
  ...GATEWAY_CAUSES,
  ...QUIET_CAUSES,
  ...OTHER_CAUSES,
];

/** Returns the cause of an episode; the last rule matches every one. */
export const causeOf = (episode: Episode): CauseRule | undefined => CAUSE_RULES.find((rule) => rule.matches(episode));
