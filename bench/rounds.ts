/** Measures cases of one kind in rounds, in turn, so that a busy moment affects all of them. */
import type { CaseResult } from './results.ts';
import type { Sample } from './scenarios/scenario.ts';

export interface CaseReporter {
  begin(id: string, round: number, rounds: number): void;
  end(id: string, round: number, rounds: number, sample: Sample): void;
  failed(id: string, problem: string, skipped: number): void;
}

/** A case, how often it is measured, and how. */
export interface MeasuredCase {
  readonly id: string;
  readonly rounds: number;
  /** Why it can't be measured on this machine. */
  readonly problem: string | null;
  readonly measure: () => Promise<Sample>;
}

interface Entry {
  readonly item: MeasuredCase;
  problem: string | null;
  readonly samples: { round: number; values: Sample }[];
}

const MAX_PROBLEM_CHARS = 160;

/** Returns what went wrong in one line: no stack, and of what a process wrote before its end only its error. */
export function problemText(error: unknown): string {
  const [first = '', ...others] = (error instanceof Error ? error.message : String(error)).split('\n');
  const thrown = others.find((line) => /^(?:Uncaught )?[A-Z]\w*Error\b/.test(line)) ?? '';
  return `${first.replace(/^Error: /, '')} ${thrown}`.trim().slice(0, MAX_PROBLEM_CHARS);
}

/** Starts each round with another case, because the place in a round must not matter. */
const rotated = <T>(items: readonly T[], by: number): T[] => {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};

/** Measures a case, and tries once more if a process failed. */
async function measureWithRetry(item: MeasuredCase): Promise<Sample> {
  try {
    return await item.measure();
  } catch {
    return item.measure();
  }
}

/** Measures cases of one kind in turn. */
export async function measureRounds(cases: readonly MeasuredCase[], reporter: CaseReporter): Promise<CaseResult[]> {
  const entries = cases.map((item): Entry => ({ item, problem: item.problem, samples: [] }));
  const rounds = Math.max(0, ...cases.map((item) => item.rounds));
  for (let round = 0; round < rounds; round += 1) {
    for (const entry of rotated(entries, round)) {
      if (entry.problem !== null) continue;
      const { id } = entry.item;
      reporter.begin(id, round, rounds);
      try {
        const values = await measureWithRetry(entry.item);
        entry.samples.push({ round, values });
        reporter.end(id, round, rounds, values);
      } catch (error) {
        entry.problem = problemText(error);
        reporter.failed(id, entry.problem, rounds - round);
      }
    }
  }
  return entries.map(({ item, problem, samples }) => ({ id: item.id, problem, samples }));
}
