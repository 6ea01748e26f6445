/** By kind, how a case is measured. */
import type { Case, KindName } from '../cases.ts';
import type { Settings } from '../settings.ts';
import type { Harness } from '../harness.ts';
import { backlog } from './backlog.ts';
import { block } from './block.ts';
import { growth } from './growth.ts';
import { heartbeat } from './heartbeat.ts';
import { hello } from './hello.ts';
import { memory } from './memory.ts';
import { paced } from './paced.ts';
import { profile } from './profile.ts';
import type { Sample, Scenario } from './scenario.ts';
import { storm } from './storm.ts';
import { threads } from './threads.ts';

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

export const measure = (item: Case, settings: Settings, harness: Harness): Promise<Sample> =>
  (SCENARIOS[item.kind] as Scenario<KindName>)(item, settings, harness);
