/** Makes the entries of the page's log from records, with the words of `explain`. */
import type { LogKind, NewLogEntry } from '../../inspect/messages.ts';
import { textOf } from '../explain/incident-steps.ts';
import type { RecordKind, RecordingRecord } from '../format/index.ts';

/** Kinds without a row are not in the log: dispatches are counted, and the rest is shown elsewhere. */
const LOG_KIND_OF: { readonly [Kind in RecordKind]?: LogKind } = {
  state: 'state',
  managerState: 'state',
  step: 'event',
  managerStep: 'event',
  heartbeat: 'heartbeat',
  disconnected: 'closed',
  fault: 'fault',
  failed: 'failed',
  frame: 'event',
  hello: 'notice',
  ready: 'notice',
  resumed: 'notice',
  lagged: 'notice',
  rateLimited: 'notice',
  throttled: 'notice',
  identify: 'notice',
  backPressure: 'notice',
  shardRemoved: 'notice',
  resharded: 'notice',
  lag: 'notice',
  dropped: 'notice',
  crash: 'failed',
  end: 'notice',
};

/** Returns the entry of a record, or `null` for one that is not in the log. `active` is what its step left active. */
export function entryOf(record: RecordingRecord, active: readonly string[] | null): NewLogEntry | null {
  const kind = LOG_KIND_OF[record.kind];
  if (kind === undefined) return null;
  const { at } = record;
  if (record.kind === 'step' || record.kind === 'managerStep')
    return { at, kind, text: record.event, taken: record.taken, ...(active === null ? {} : { active }) };
  const text = textOf(record);
  if (text === null) return null;
  const hint = record.kind === 'fault' || record.kind === 'failed' ? record.hint : null;
  return { at, kind, text, ...(hint === null ? {} : { hint }) };
}
