/** A record as a line of JSON, and back. */
import { fieldsOf } from '../../protocol/validation.ts';
import { count, nullable, number, readFields } from './fields.ts';
import { FORMAT, RECORDS, VERSION } from './records.ts';
import type { RecordKind, RecordingRecord } from './records.ts';

const HEAD = { at: number, shard: nullable(count) };

/** The longest line that is read. The header of a bot with thousands of shards is the longest there is. */
export const MAX_LINE_LENGTH = 4 * 1024 * 1024;

const isKind = (kind: unknown): kind is RecordKind => typeof kind === 'string' && Object.hasOwn(RECORDS, kind);

/** Leaves out fields that are `null`, makes maps objects, and rounds times to hundredths of a ms. */
function toJson(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 100) / 100;
  if (value === null) return undefined;
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** Returns the record as one line, with its line break. */
export const lineOf = (record: RecordingRecord): string => `${JSON.stringify(record, toJson)}\n`;

/** What a line is: a record, a record that this version does not know, or not a record at all. */
export type ParsedLine = RecordingRecord | 'unknown' | 'damaged' | 'newer';

/** Returns the record of a line. Does not throw. */
export function parseLine(line: string): ParsedLine {
  if (line.length > MAX_LINE_LENGTH) return 'damaged';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'damaged';
  }
  const { kind, format, version } = fieldsOf(value);
  if (format === FORMAT && typeof version === 'number' && version > VERSION) return 'newer';
  const head = readFields(HEAD, value);
  if (head === undefined) return 'damaged';
  if (!isKind(kind)) return typeof kind === 'string' ? 'unknown' : 'damaged';
  const fields = readFields(RECORDS[kind], value);
  return fields === undefined ? 'damaged' : ({ kind, ...head, ...fields } as RecordingRecord);
}
