/** What a simulation has to say: progress, failures, and the sum of it. */
import { CHECKS } from './checks/index.ts';
import type { Tally } from './tally.ts';
import { stamp } from './trace.ts';
import type { Played } from './worker.ts';

export interface Progress {
  readonly hours: number;
  readonly wantedHours: number;
  readonly elapsedMs: number;
  readonly seeds: number;
  readonly violations: number;
  readonly tally: Tally;
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US');

const perMinute = ({ hours, elapsedMs }: Progress): number => (hours * 60_000) / Math.max(elapsedMs, 1);

export function progressLine(progress: Progress): string {
  const { hours, wantedHours, seeds, violations, tally } = progress;
  const leftMinutes = Math.max(0, wantedHours - hours) / perMinute(progress);
  const left = leftMinutes < 1.5 ? `about ${Math.ceil(leftMinutes * 60)} s` : `about ${Math.ceil(leftMinutes)} min`;
  return [
    `${number(hours)} of ${number(wantedHours)} shard-hours`,
    `${number(perMinute(progress))} per minute`,
    `${number(seeds)} seeds`,
    `${number(tally.total('faults'))} faults`,
    `${number(violations)} violations`,
    ...(hours === 0 ? [] : [`${left} left`]),
  ].join(' · ');
}

export function failureText({ result: { setting, violation, events }, shortest }: Played): string {
  if (violation === null) return '';
  const replay = `npm run sim -- --seed ${setting.seed} --trace`;
  return [
    `seed ${setting.seed} violates ${violation.check}: ${CHECKS[violation.check].rule}`,
    `  ${violation.what.replaceAll('\n', '\n  ')}`,
    `  at ${stamp(violation.at)}, in a script of ${events} events on ${setting.shards} shard${setting.shards === 1 ? '' : 's'}${setting.fleet === null ? '' : ' of a manager'} with compression ${setting.compression}`,
    `  the whole:    ${replay}`,
    ...(shortest === null ? [] : [`  the shortest: ${replay} --events ${shortest}`]),
  ].join('\n');
}

export function summaryText(progress: Progress): string {
  const { hours, elapsedMs, seeds, violations, tally } = progress;
  const { faults, deeds, transitions, things } = tally.data;
  const table = (counts: Readonly<Record<string, number>>): string => {
    const entries = Object.entries(counts);
    const width = Math.max(...entries.map(([name]) => name.length), 1);
    return entries.map(([name, count]) => `  ${name.padEnd(width)}  ${number(count).padStart(10)}`).join('\n');
  };
  return [
    'Faults', table(faults),
    'Deeds of users', table(deeds),
    'Changes of state', table(transitions),
    'In all', table(things),
    '',
    `${number(seeds)} seeds, ${number(hours)} virtual shard-hours in ${(elapsedMs / 60_000).toFixed(1)} min (${number(perMinute(progress))} per minute), ` +
      `${number(tally.total('faults'))} faults, ${number(tally.total('deeds'))} deeds, ${Object.keys(transitions).length} different changes of state: ` +
      `${violations === 0 ? 'no violation' : `${number(violations)} violations`}.`,
  ].join('\n');
}
