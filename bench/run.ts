/** Measures the cases in rounds. Each round has all cases of a kind, so that a busy moment affects all of them. */
import type { Case } from './cases.ts';
import { CLIENTS, problemOf } from './clients.ts';
import type { CaseResult } from './results.ts';
import { measure } from './scenarios/index.ts';
import type { Sample } from './scenarios/scenario.ts';
import type { Settings } from './settings.ts';
import type { Harness } from './harness.ts';

export interface CaseReporter {
  begin(id: string, round: number, rounds: number): void;
  end(id: string, round: number, rounds: number, sample: Sample): void;
  failed(id: string, problem: string, skipped: number): void;
}

interface Entry {
  readonly item: Case;
  problem: string | null;
  readonly samples: { round: number; values: Sample }[];
}

/** Returns the message of an error, without its stack. */
const problemText = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .slice(0, 2)
    .join(' ')
    .replace(/^Error: /, '')
    .trim();

/** Starts each round with another case, because the place in a round must not matter. */
const rotated = <T>(items: readonly T[], by: number): T[] => {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
};

export async function runCases(
  cases: readonly Case[],
  settings: Settings,
  harness: Harness,
  reporter: CaseReporter,
): Promise<CaseResult[]> {
  const entries = cases.map((item): Entry => ({ item, problem: problemOf(CLIENTS[item.client]), samples: [] }));
  for (const { item, problem } of entries) {
    if (problem !== null) reporter.failed(item.id, problem, settings.rounds[item.kind]);
  }
  for (const group of Object.values(Object.groupBy(entries, ({ item }) => item.kind))) {
    await runGroup(group, settings, harness, reporter);
  }
  return entries.map(({ item, problem, samples }) => ({ id: item.id, problem, samples }));
}

/** Measures a case, and tries once more if the client failed. */
async function measureWithRetry(item: Case, settings: Settings, harness: Harness): Promise<Sample> {
  try {
    return await measure(item, settings, harness);
  } catch {
    return measure(item, settings, harness);
  }
}

async function runGroup(
  entries: readonly Entry[],
  settings: Settings,
  harness: Harness,
  reporter: CaseReporter,
): Promise<void> {
  const rounds = Math.max(0, ...entries.map(({ item }) => settings.rounds[item.kind]));
  for (let round = 0; round < rounds; round += 1) {
    for (const entry of rotated(entries, round)) {
      if (entry.problem !== null) continue;
      const { id } = entry.item;
      reporter.begin(id, round, rounds);
      try {
        const values = await measureWithRetry(entry.item, settings, harness);
        entry.samples.push({ round, values });
        reporter.end(id, round, rounds, values);
      } catch (error) {
        entry.problem = problemText(error);
        reporter.failed(id, entry.problem, rounds - round);
      }
    }
  }
}
