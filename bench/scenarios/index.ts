/** How each kind of case is measured. */
import type { Case, KindName } from '../cases.ts';
import type { Harness } from '../harness.ts';
import type { Settings } from '../settings.ts';
import { growth, hello, memory, storm } from './live.ts';
import { backlog, block, heartbeat, paced, profile, threads } from './recorded.ts';
import type { Sample, Scenario } from './scenario.ts';

const SCENARIOS: { readonly [K in KindName]: Scenario<K> } = {
  backlog,
  paced,
  block,
  memory,
  growth,
  storm,
  heartbeat,
  hello,
  profile,
  threads,
};

/** Measures a case once. */
export const measure = (item: Case, settings: Settings, harness: Harness): Promise<Sample> =>
  (SCENARIOS[item.kind] as Scenario<KindName>)(item, settings, harness);
