/** Runs the mutants of StrykerJS in the code of machines and actors. */
import { join, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import type { MutantResult } from '@stryker-mutator/api/core';
import { ROOT } from '../run.ts';
import type { Result } from './mutant.ts';
import { VERDICTS, changeOf } from './survivor-reporter.ts';
import { SUITES_VARIABLE } from './suites.ts';

export const CHART_CODE = [
  'machines/shard/shard.machine.ts',
  'machines/shard/shard.setup.ts',
  'machines/shard/heartbeat.states.ts',
  'machines/shard/delays.ts',
  'machines/shard/state.ts',
  'machines/timing.ts',
  'machines/losses.ts',
  'machines/close-codes.ts',
];
export const ACTOR_CODE = [
  'src/actors/*.ts',
  'src/connection/*.ts',
  'src/identify/*.ts',
  'src/decoding/*{decoder,inflater,splitter,self-test}.ts',
  'src/shard/shard-runtime.ts',
  'src/session/current-session.ts',
  'src/session/session-writer.ts',
];

/** Sorts results by their place in the file; they arrive in any order. */
const byPlace = (a: MutantResult, b: MutantResult): number =>
  a.location.start.line - b.location.start.line ||
  a.location.start.column - b.location.start.column ||
  a.location.end.line - b.location.end.line ||
  a.location.end.column - b.location.end.column;

/** Returns ids that don't change when lines move: the code before and after, and a number if several are equal. */
function named(results: readonly MutantResult[]): { id: string; result: MutantResult }[] {
  const seen = new Map<string, number>();
  return results.toSorted(byPlace).map((result) => {
    const id = `${relative(ROOT, result.fileName)}: ${changeOf(result)}`;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return { id: count === 1 ? id : `${id} #${count}`, result };
  });
}

/** @param mutate - patterns of files; `file.ts:10-20` for some lines of a file */
export async function codeMutants(
  mutate: readonly string[],
  suites: readonly string[],
  concurrency: number,
): Promise<Result[]> {
  process.env[SUITES_VARIABLE] = JSON.stringify(suites);
  const stryker = new Stryker({
    mutate: [...mutate],
    testRunner: 'vitest',
    plugins: [
      '@stryker-mutator/vitest-runner',
      ...['ignore-messages.ts', 'survivor-reporter.ts'].map((file) => join(import.meta.dirname, file)),
    ],
    ignorers: ['messages'],
    vitest: { configFile: 'scripts/mutants/vitest.config.ts', related: false },
    // Mutants in code that runs at import need all tests. Charts and constants have their own mutants.
    ignoreStatic: true,
    // Stryker reads tsconfig.json with an API that TypeScript 7 does not have.
    tsconfigFile: 'none',
    disableTypeChecks: false,
    ignorePatterns: ['dist', '.cache', 'coverage'],
    tempDirName: '.cache/mutants/stryker',
    cleanTempDir: 'always',
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only', 'survivors'],
    allowConsoleColors: process.stdout.isTTY,
    concurrency,
    dryRunTimeoutMinutes: 20,
    // A busy machine must not look like an endless loop.
    timeoutMS: 10_000,
  });
  return named(await stryker.runMutationTest()).flatMap(({ id, result }) => {
    const verdict = VERDICTS[result.status];
    if (verdict === undefined) return [];
    return [
      {
        id,
        file: relative(ROOT, result.fileName),
        verdict,
        killedBy: result.killedBy?.[0] ?? result.statusReason ?? null,
      },
    ];
  });
}
