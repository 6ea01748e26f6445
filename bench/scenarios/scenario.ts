/** Measures one case once, in a fresh process of the client. */
import type { Case, KindName } from '../cases.ts';
import type { Settings } from '../settings.ts';
import type { Harness } from '../harness.ts';

/** Figures by name; the name ends in the unit. */
export type Sample = Readonly<Record<string, number>>;

export type Scenario<K extends KindName> = (
  item: Extract<Case, { kind: K }>,
  settings: Settings,
  harness: Harness,
) => Promise<Sample>;
