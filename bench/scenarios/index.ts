/** How each kind of case is measured. */
import type { Case, KindName } from '../cases.ts';
import type { Harness } from '../harness.ts';
import type { Settings } from '../settings.ts';
import { connect, growth, hello, memory, storm } from './live.ts';
import { block, heartbeat, paced, profile, threads } from './recorded.ts';
import type { Sample, Scenario } from './scenario.ts';
import { start } from './start.ts';

/** The kinds whose cases are measured one after the other. The others need all their clients at once. */
export type SingleKind = Exclude<KindName, 'backlog' | 'idle'>;
export type SingleCase = Extract<Case, { kind: SingleKind }>;

const SCENARIOS: { readonly [K in SingleKind]: Scenario<K> } = {
  paced,
  block,
  memory,
  connect,
  growth,
  storm,
  heartbeat,
  hello,
  start,
  profile,
  threads,
};

/** Measures a case once. */
export const measure = (item: SingleCase, settings: Settings, harness: Harness): Promise<Sample> =>
  (SCENARIOS[item.kind] as Scenario<SingleKind>)(item, settings, harness);
