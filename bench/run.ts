/** Measures all cases, each kind in its own way. */
import type { BacklogCase, Case } from './cases.ts';
import { CLIENTS, problemOf } from './clients.ts';
import type { Harness } from './harness.ts';
import { measureIdle } from './idle.ts';
import type { IdleCase } from './idle.ts';
import { measureInterleaved } from './interleaved.ts';
import type { CaseResult } from './results.ts';
import { measureRounds } from './rounds.ts';
import type { CaseReporter } from './rounds.ts';
import { measure } from './scenarios/index.ts';
import type { SingleCase } from './scenarios/index.ts';
import type { Settings } from './settings.ts';

const isBacklog = (item: Case): item is BacklogCase => item.kind === 'backlog';
const isIdle = (item: Case): item is IdleCase => item.kind === 'idle';
const isSingle = (item: Case): item is SingleCase => !isBacklog(item) && !isIdle(item);

export async function runCases(
  cases: readonly Case[],
  settings: Settings,
  harness: Harness,
  reporter: CaseReporter,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const mix of Map.groupBy(cases.filter(isBacklog), (item) => item.mix).values())
    results.push(...(await measureInterleaved(mix, settings, harness, reporter)));
  results.push(...(await measureIdle(cases.filter(isIdle), settings, harness, reporter)));
  for (const group of Map.groupBy(cases.filter(isSingle), ({ kind }) => kind).values()) {
    const measured = group.map((item) => ({
      id: item.id,
      rounds: settings.rounds[item.kind],
      problem: problemOf(CLIENTS[item.client]),
      measure: () => measure(item, settings, harness),
    }));
    for (const { id, problem, rounds } of measured) if (problem !== null) reporter.failed(id, problem, rounds);
    results.push(...(await measureRounds(measured, reporter)));
  }
  return cases.flatMap(({ id }) => results.find((result) => result.id === id) ?? []);
}
