/** `shardwright inspect FILE|DIRECTORY`: shows a recording of a `FlightRecorder` on a local page. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../index.ts';
import { formatCount } from '../inspect/page/model/format.ts';
import { messageOf } from '../protocol/network-errors.ts';
import { inspectRecording } from '../recorder/inspect/recorded-inspector.ts';
import type { RecordedInspector } from '../recorder/inspect/recorded-inspector.ts';
import { UsageError } from './command.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, wallClock } from './output-log.ts';

/** The longest timer of Node. It keeps the process alive. */
const LONGEST_MS = 2 ** 31 - 1;

async function open(path: string, port: number): Promise<RecordedInspector> {
  try {
    return await inspectRecording({ path, port, now: Date.now() });
  } catch (cause) {
    if (cause instanceof GatewayError) throw new Error(`${cause.message}. ${cause.hint}`, { cause });
    throw new UsageError(`the inspector can't listen on port ${port}: ${messageOf(cause)}`, { cause });
  }
}

/** Resolves when the user presses Ctrl-C. */
export async function showRecording(path: string, port: number): Promise<number> {
  using signal = interruptSignal();
  const output = new OutputLog(wallClock);
  await using inspector = await open(path, port);
  const { incidents, problems } = inspector.span;
  for (const problem of problems) output.log('notice', problem);
  output.log(
    'note',
    `the recording, with ${formatCount(incidents.length, 'incident')}, is at ${inspector.url}; press Ctrl-C to stop`,
  );
  while (!signal.aborted) await sleep(LONGEST_MS, undefined, { signal }).catch(() => undefined);
  return 0;
}
