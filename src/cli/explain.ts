/** `shardwright explain`: says in words what a recording of a `FlightRecorder` contains. */
import { GatewayError } from '../index.ts';
import { explain as explainRecording } from '../recorder/explain/explain.ts';
import { readRecording } from '../recorder/index.ts';
import { printableJson } from '../protocol/printable.ts';
import { UsageError, stringOption } from './command.ts';
import type { Command, OptionValues } from './command.ts';
import { colorizeFor } from './colors.ts';
import { incidentLines, storyLines } from './explain/story-text.ts';

const HELP = `Usage: shardwright explain FILE|DIRECTORY [OPTIONS]

Reads a recording, and says what went wrong: for each incident what happened, what the
shard did, whether anything was lost, and what to do about it. To record, pass a
FlightRecorder as the option inspect of your bot (docs/incidents.md), or try it with
shardwright demo --record DIRECTORY.

Options:
      --since TIME    only incidents since then: 2026-07-04T03:00, or a time ago (2h, 30m, 3d)
      --shard N       only incidents of this shard
      --incident N    one incident in detail, with the way through the chart
      --json          print one line of JSON
  -h, --help          print this help

Exit codes: 0 the recording was read; 1 there is no recording that can be read; 2 an
option is wrong.
`;

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function numberFrom(values: OptionValues, option: string): number | undefined {
  const text = stringOption(values, option);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`explain: --${option} must be a number`);
}

/** @throws UsageError for a text that is no time */
function sinceFrom(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return now - Number(amount) * (UNITS[unit] ?? 0);
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new UsageError('explain: --since must be a time such as 2026-07-04T03:00, or 2h, 30m, 3d');
  return at;
}

export const explain: Command = {
  options: {
    since: { type: 'string' },
    shard: { type: 'string' },
    incident: { type: 'string' },
    json: { type: 'boolean' },
  },
  argument: 'FILE or DIRECTORY',
  help: HELP,
  async run(values, path) {
    const now = Date.now();
    const since = sinceFrom(stringOption(values, 'since'), now);
    const shard = numberFrom(values, 'shard');
    const number = numberFrom(values, 'incident');
    const problems: string[] = [];
    const lines = readRecording(path, { onProblem: ({ reason }) => problems.push(reason) });
    const story = await explainRecording(lines, { now, since, shard, problems }).catch((error: unknown) => {
      throw error instanceof GatewayError ? new Error(`${error.message}. ${error.hint}`, { cause: error }) : error;
    });
    const incident = story.incidents.find((other) => other.number === number);
    if (number !== undefined && incident === undefined)
      throw new UsageError(`explain: there is no incident ${number}; the recording has ${story.incidents.length}`);
    const colorize = colorizeFor(process.stdout, process.env);
    const output =
      values['json'] === true
        ? [printableJson(incident ?? story)]
        : incident === undefined
          ? storyLines(story, colorize, path)
          : incidentLines(incident, colorize);
    process.stdout.write(`${output.join('\n')}\n`);
    return 0;
  },
};
