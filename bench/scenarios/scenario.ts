/** How one case is measured once. */
import type { Case, KindName } from '../cases.ts';
import type { Settings } from '../settings.ts';
import type { Harness } from '../harness.ts';

/** By name, with the unit in it. */
export type Sample = Readonly<Record<string, number>>;

export type Scenario<K extends KindName> = (
  item: Extract<Case, { kind: K }>,
  settings: Settings,
  harness: Harness,
) => Promise<Sample>;
