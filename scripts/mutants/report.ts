/** Reports the mutants: a table by file, the survivors, and whether enough mutants were noticed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run.ts';
import { EQUIVALENTS } from './equivalents.ts';
import { ACCEPTED_REASONS } from './accepted-survivors.ts';
import type { Result, Verdict } from './mutant.ts';

const FOLDER = join(ROOT, '.cache', 'mutants');
const RESULTS = join(FOLDER, 'results.json');

/** The min percentage of mutants that the tests must notice, for machines/ and for the actors. */
const MIN_PERCENT = { chart: 95, actors: 85 } as const;
type Part = keyof typeof MIN_PERCENT;
const partOf = ({ file }: Result): Part => (file.startsWith('machines/') ? 'chart' : 'actors');

const isEquivalent = ({ id, verdict }: Result): boolean => verdict === 'survived' && id in EQUIVALENTS;
const isAccepted = ({ id, verdict }: Result): boolean => verdict === 'survived' && ACCEPTED_REASONS.has(id);

interface Count {
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  /** How many of the survivors have an accepted reason. */
  readonly accepted: number;
  readonly equivalent: number;
  readonly percent: number;
}

function count(results: readonly Result[]): Count {
  const of = (verdict: Verdict): number =>
    results.filter((result) => result.verdict === verdict && !isEquivalent(result)).length;
  const [killed, timeout, survived] = [of('killed'), of('timeout'), of('survived')];
  const total = killed + timeout + survived;
  const accepted = results.filter(isAccepted).length;
  return {
    killed,
    timeout,
    survived,
    accepted,
    equivalent: results.length - total,
    percent: total === 0 ? 100 : ((killed + timeout) / total) * 100,
  };
}

const HEAD = ['', 'killed', 'timeout', 'survived', 'accepted', 'equivalent', '%'];
const row = (title: string, { killed, timeout, survived, accepted, equivalent, percent }: Count): string[] => [
  title,
  ...[killed, timeout, survived, accepted, equivalent].map(String),
  percent.toFixed(1),
];

function table(results: readonly Result[]): string[][] {
  const files = [...new Set(results.map(({ file }) => file))].toSorted();
  const parts = (Object.keys(MIN_PERCENT) as Part[]).map((part) => ({
    part,
    own: results.filter((result) => partOf(result) === part),
  }));
  return [
    HEAD,
    ...files.map((file) => row(file, count(results.filter((result) => result.file === file)))),
    ...parts.filter(({ own }) => own.length > 0).map(({ part, own }) => row(part, count(own))),
  ];
}

const aligned = (rows: readonly string[][]): string =>
  rows.map((cells) => cells.map((cell, at) => (at === 0 ? cell.padEnd(40) : cell.padStart(11))).join('')).join('\n');

const markdown = (rows: readonly string[][], rest: readonly string[]): string =>
  [
    ...rows.map((cells, at) => `| ${cells.join(' | ')} |${at === 0 ? `\n|${cells.map(() => '---|').join('')}` : ''}`),
    '',
    ...rest.map((line) => `- ${line}`),
    '',
  ].join('\n');

/** Returns the results of the last run; an empty list without one. */
export function lastResults(): Result[] {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as Result[];
  } catch {
    return [];
  }
}

/** Returns wrong entries of the lists. An entry without a mutant is wrong only when all mutants ran. */
function wronglyListed(results: readonly Result[], all: boolean): string[] {
  const byId = new Map(results.map((result) => [result.id, result]));
  const problems = (ids: Iterable<string>, what: string, isRight: (verdict: Verdict) => boolean): string[] =>
    [...ids].flatMap((id) => {
      const result = byId.get(id);
      if (result === undefined) return all ? [`listed as ${what}, but there is no such mutant: ${id}`] : [];
      return isRight(result.verdict) ? [] : [`listed as ${what}, but a test noticed it: ${id} (${result.killedBy})`];
    });
  return [
    ...problems(Object.keys(EQUIVALENTS), 'equivalent', (verdict) => verdict === 'survived'),
    // A mutant that makes the tests slow can time out on a busy machine.
    ...problems(ACCEPTED_REASONS.keys(), 'accepted', (verdict) => verdict !== 'killed'),
  ];
}

/** Prints and stores the results. Returns the problems. */
export function report(results: readonly Result[], { all }: { all: boolean }): string[] {
  const sorted = results.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const survivors = sorted
    .filter((result) => result.verdict === 'survived' && !isEquivalent(result) && !isAccepted(result))
    .map(({ id }) => id);
  const rows = table(sorted);
  mkdirSync(FOLDER, { recursive: true });
  const kept = new Map([...lastResults(), ...sorted].map((result) => [result.id, result]));
  writeFileSync(RESULTS, JSON.stringify(all ? sorted : [...kept.values()], null, 2));
  writeFileSync(join(FOLDER, 'summary.md'), markdown(rows, survivors));
  if (survivors.length > 0)
    console.log(`\nSurvived without an accepted reason:\n${survivors.map((id) => `  ${id}`).join('\n')}`);
  console.log(`\n${aligned(rows)}`);
  const low = (Object.keys(MIN_PERCENT) as Part[]).flatMap((part) => {
    const { percent } = count(sorted.filter((result) => partOf(result) === part));
    return percent < MIN_PERCENT[part]
      ? [`${part}: ${percent.toFixed(1)} % noticed, and ${MIN_PERCENT[part]} % is the bar`]
      : [];
  });
  const unaccepted =
    survivors.length === 0
      ? []
      : [
          `${survivors.length} survived, and nothing says why: a test is missing, or a reason in scripts/mutants/accepted-survivors.ts`,
        ];
  return [...wronglyListed(sorted, all), ...unaccepted, ...low];
}
