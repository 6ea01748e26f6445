/** The option `--record`, which records what the shards of a command do. */
import { FlightRecorder } from '../recorder/index.ts';
import { stringOption } from './command.ts';
import type { OptionValues } from './command.ts';
import type { OutputLog } from './output-log.ts';

export const RECORD_OPTIONS = { record: { type: 'string' } } as const;

export const RECORD_HELP = '      --record DIR        record what happens in this directory, for shardwright explain';

export interface RecorderHandle extends AsyncDisposable {
  /** Empty when the option is missing. */
  readonly observers: readonly FlightRecorder[];
}

/** Starts a recorder, if the option asks for one. Disposing says how to read the recording. */
export function recorderFrom(values: OptionValues, output: OutputLog): RecorderHandle {
  const directory = stringOption(values, 'record');
  if (directory === undefined) return { observers: [], [Symbol.asyncDispose]: async () => undefined };
  const recorder = new FlightRecorder({ directory });
  return {
    observers: [recorder],
    async [Symbol.asyncDispose]() {
      await recorder.close();
      output.log('note', `recorded; to read what happened: shardwright explain ${directory}`);
    },
  };
}
