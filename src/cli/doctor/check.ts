/** The result of one check of the doctor. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Check {
  /** What was checked, in one or two words. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly found: string;
  /** What to do about it; `null` when nothing needs doing. */
  readonly advice: string | null;
  /** The measured values, for `--json`. */
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
/** A check that could not run. */
export const skipped = (name: string, why: string): Check => ({ name, outcome: 'skipped', found: why, advice: null });
