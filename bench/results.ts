/** The results of a run, as JSON, and how to read figures from them. */
import type { ClientId } from './clients.ts';
import type { Machine } from './machine.ts';
import type { Sample } from './scenarios/scenario.ts';
import type { Settings } from './settings.ts';
import { ratios, summarize } from './statistics.ts';
import type { ByRound, Summary } from './statistics.ts';

export interface CaseResult {
  /** `kind/client`, as `--list` prints it. */
  readonly id: string;
  /** Why the case was not measured, or not to its end. */
  readonly problem: string | null;
  readonly samples: readonly { readonly round: number; readonly values: Sample }[];
}

export interface Results {
  readonly machine: Machine;
  /** Whether the run can be published: all cases, with the full settings. */
  readonly isFull: boolean;
  readonly settings: Settings;
  readonly cases: readonly CaseResult[];
}

/** A figure is `null` when it was not measured. */
export type Figure = Summary | null;

export class Figures {
  readonly results: Results;
  readonly #cases: ReadonlyMap<string, CaseResult>;

  constructor(results: Results) {
    this.results = results;
    this.#cases = new Map(results.cases.map((result) => [result.id, result]));
  }

  of(kind: string, client: ClientId, metric: string): Figure {
    const values = [...this.#byRound(kind, client, metric).values()];
    return values.length === 0 ? null : summarize(values);
  }

  /** Returns the figure of one client divided by that of another in the same round. */
  ratio(kind: string, client: ClientId, base: ClientId, metric: string): Figure {
    const values = ratios(this.#byRound(kind, client, metric), this.#byRound(kind, base, metric));
    return values.length === 0 ? null : summarize(values);
  }

  #byRound(kind: string, client: ClientId, metric: string): ByRound {
    const samples = this.#cases.get(`${kind}/${client}`)?.samples ?? [];
    return new Map(
      samples.flatMap(({ round, values }) => (values[metric] === undefined ? [] : [[round, values[metric]]])),
    );
  }
}

const DIGITS = 4;

/** Returns the results with figures of four digits, which is enough and keeps the file readable. */
export const toJson = (results: Results): string =>
  `${JSON.stringify(results, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value), 1)}\n`;
