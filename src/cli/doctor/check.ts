/** What a doctor's check comes to. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Check {
  /** What was looked at, in a word or two. */
  readonly name: string;
  readonly outcome: Outcome;
  /** What was found. */
  readonly found: string;
  /** What to do about it; `null` when nothing is to be done. */
  readonly advice: string | null;
  /** The figures of it, for `--json`. */
  readonly figures?: Readonly<Record<string, number | string | boolean | readonly string[]>>;
}

type Figures = Check['figures'];

const withFigures = (check: Omit<Check, 'figures'>, figures: Figures): Check =>
  figures === undefined ? check : { ...check, figures };

export const ok = (name: string, found: string, figures?: Figures): Check =>
  withFigures({ name, outcome: 'ok', found, advice: null }, figures);
export const warning = (name: string, found: string, advice: string, figures?: Figures): Check =>
  withFigures({ name, outcome: 'warning', found, advice }, figures);
export const failed = (name: string, found: string, advice: string, figures?: Figures): Check =>
  withFigures({ name, outcome: 'failed', found, advice }, figures);
/** What another check would have had to find out first. */
export const skipped = (name: string, why: string): Check => ({ name, outcome: 'skipped', found: why, advice: null });
