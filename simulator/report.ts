/** The texts that `npm run sim` prints: progress, violations and the summary. */
import { CHECKS } from './checks/index.ts';
import type { SimulationStats } from './simulation-stats.ts';
import { formatTime } from './trace.ts';
import type { SeedResult } from './run-seed.ts';

export interface Progress {
  readonly hours: number;
  readonly wantedHours: number;
  readonly elapsedMs: number;
  readonly seeds: number;
  readonly violations: number;
  readonly stats: SimulationStats;
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US');

const perMinute = ({ hours, elapsedMs }: Progress): number => (hours * 60_000) / Math.max(elapsedMs, 1);

export function progressLine(progress: Progress): string {
  const { hours, wantedHours, seeds, violations, stats } = progress;
  const leftMinutes = Math.max(0, wantedHours - hours) / perMinute(progress);
  const left = leftMinutes < 1.5 ? `about ${Math.ceil(leftMinutes * 60)} s` : `about ${Math.ceil(leftMinutes)} min`;
  return [
    `${number(hours)} of ${number(wantedHours)} shard-hours`,
    `${number(perMinute(progress))} per minute`,
    `${number(seeds)} seeds`,
    `${number(stats.total('faults'))} faults`,
    `${number(violations)} violations`,
    ...(hours === 0 ? [] : [`${left} left`]),
  ].join(' · ');
}

/**
 * Returns a violation as text, with the commands that repeat it; empty without a violation.
 * @param from - the recording that the script was made from
 */
export function failureText(
  { result: { setting, violation, events }, shortest }: Pick<SeedResult, 'result' | 'shortest'>,
  from?: string,
): string {
  if (violation === null) return '';
  const replay = `npm run sim --${from === undefined ? '' : ` --from ${from}`} --seed ${setting.seed} --trace`;
  return [
    `Seed ${setting.seed} violates ${violation.check}: ${CHECKS[violation.check].rule}.`,
    `  ${violation.what.replaceAll('\n', '\n  ')}`,
    `  At ${formatTime(violation.at)}, in a script of ${events} events; ${setting.shards} shard${setting.shards === 1 ? '' : 's'}${setting.manager === null ? '' : ' of a manager'}, compression ${setting.compression}.`,
    `  Repeat the whole script:    ${replay}`,
    ...(shortest === null ? [] : [`  Repeat the shortest script: ${replay} --events ${shortest}`]),
  ].join('\n');
}

export function summaryText(progress: Progress): string {
  const { hours, elapsedMs, seeds, violations, stats } = progress;
  const { faults, actions, transitions, totals } = stats.data;
  const table = (counts: Readonly<Record<string, number>>): string => {
    const entries = Object.entries(counts);
    const width = Math.max(...entries.map(([name]) => name.length), 1);
    return entries.map(([name, count]) => `  ${name.padEnd(width)}  ${number(count).padStart(10)}`).join('\n');
  };
  return [
    'Faults',
    table(faults),
    'Actions of users',
    table(actions),
    'Transitions',
    table(transitions),
    'Totals',
    table(totals),
    '',
    `${number(seeds)} seeds, ${number(hours)} virtual shard-hours in ${(elapsedMs / 60_000).toFixed(1)} min (${number(perMinute(progress))} per minute), ` +
      `${number(stats.total('faults'))} faults, ${number(stats.total('actions'))} user actions, ${Object.keys(transitions).length} different transitions: ` +
      `${violations === 0 ? 'no violation' : `${number(violations)} violations`}.`,
  ].join('\n');
}
