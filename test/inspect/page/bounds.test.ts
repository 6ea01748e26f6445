/** The page's memory is bounded, however long it is open. */
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/inspect/messages.ts';
import type { LiveMessage } from '../../../src/inspect/page/model/inspection-model.ts';
import { LOG_KINDS } from '../../../src/inspect/page/model/log-kinds.ts';
import { FilteredLog } from '../../../src/inspect/page/log/filtered-log.ts';
import { RingBuffer } from '../../../src/inspect/page/model/ring-buffer.ts';
import { InspectionModel } from '../../../src/inspect/page/model/inspection-model.ts';

const entry = (id: number, more: Partial<LogEntry> = {}): LogEntry => ({
  id,
  at: 1_000 + id,
  shard: '0',
  kind: 'notice',
  text: `entry ${id}`,
  ...more,
});
const batch = (log: readonly LogEntry[]): LiveMessage => ({
  type: 'batch',
  managers: [],
  now: 0,
  shards: [],
  removed: [],
  log,
  identify: null,
  states: [],
  marks: [],
  heartbeats: [],
});
const welcome = (log: readonly LogEntry[]): LiveMessage => ({
  type: 'welcome',
  version: '0.1.0',
  now: 0,
  payloads: false,
  managers: [],
  shards: [],
  log,
  identify: null,
});
const ids = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('RingBuffer', () => {
  test('keeps the newest rows, and push() returns how many it dropped', () => {
    const buffer = new RingBuffer<string>({ maxRows: 3, maxBytes: 1_000, sizeOf: (row) => row.length });
    expect(['a', 'b', 'c', 'd', 'e'].map((row) => buffer.push(row))).toEqual([0, 0, 0, 1, 1]);
    expect(buffer.toArray()).toEqual(['c', 'd', 'e']);
    expect(buffer.at(0)).toBe('c');
    expect(buffer.at(-1)).toBe('e');
    expect(buffer.bytes).toBe(3);
  });

  test('drops rows for a large one, which is kept even if it is over the limit', () => {
    const buffer = new RingBuffer<string>({ maxRows: 10, maxBytes: 8, sizeOf: (row) => row.length });
    expect(['abc', 'def', 'a row of 21 characters'].map((row) => buffer.push(row))).toEqual([0, 0, 2]);
    expect(buffer.toArray()).toEqual(['a row of 21 characters']);
  });
});

test('the InspectionModel keeps the newest 20,000 log entries', () => {
  const model = new InspectionModel();
  for (let id = 1; id <= 30_000; id += 500) model.applyMessage(batch(ids(id, id + 499).map((each) => entry(each))), 0);
  expect(model.log.length).toBe(20_000);
  expect(model.log.at(0)?.id).toBe(10_001);
  expect(model.log.at(-1)?.id).toBe(30_000);
});

test('the InspectionModel keeps at most 24 MiB of log entries', () => {
  const model = new InspectionModel();
  const payload = { content: 'x'.repeat(1_024 * 1_024) };
  for (const id of ids(1, 20)) model.applyMessage(batch([entry(id, { kind: 'dispatch', payload })]), 0);
  expect(model.log.toArray().map(({ id }) => id)).toEqual(ids(10, 20));
});

describe('FilteredLog', () => {
  const filter = { text: '', kinds: new Set(LOG_KINDS), shard: null };

  test('adds new entries, and drops those that the log has dropped', () => {
    const model = new InspectionModel();
    const rows = new FilteredLog();
    model.applyMessage(batch(ids(1, 20_000).map((id) => entry(id))), 0);
    rows.update(model, filter);
    model.applyMessage(batch(ids(20_001, 20_003).map((id) => entry(id))), 0);
    rows.update(model, filter);
    expect(rows.length).toBe(20_000);
    expect(rows.at(0)?.id).toBe(4);
    expect(rows.at(rows.length - 1)?.id).toBe(20_003);
    expect(rows.consumeDropped()).toBe(3);
  });

  test('starts over with another filter', () => {
    const model = new InspectionModel();
    const rows = new FilteredLog();
    model.applyMessage(
      batch([entry(1), entry(2, { kind: 'fault', text: 'DECODE_FAILED: no JSON' }), entry(3, { shard: '7' })]),
      0,
    );
    const shown = (change: object): number[] => {
      rows.update(model, { ...filter, ...change });
      return ids(0, rows.length - 1).map((index) => rows.at(index)!.id);
    };
    expect(shown({})).toEqual([1, 2, 3]);
    expect(shown({ text: 'decode json' })).toEqual([2]);
    expect(shown({ kinds: new Set(['notice']) })).toEqual([1, 3]);
    expect(shown({ shard: '7' })).toEqual([3]);
  });
});

describe('InspectionModel after a reconnect', () => {
  test('keeps its log when the inspector is the same', () => {
    const model = new InspectionModel();
    model.applyMessage(welcome([entry(1)]), 0);
    model.applyMessage(batch([entry(2, { kind: 'event' }), entry(3), entry(4, { kind: 'event' })]), 0);
    model.applyMessage(welcome([entry(1), entry(3), entry(9)]), 0);
    expect(model.log.toArray().map(({ id }) => id)).toEqual([1, 2, 3, 4, 9]);
  });

  test('starts a new log when the inspector is another one', () => {
    const model = new InspectionModel();
    model.applyMessage(welcome([entry(1), entry(2)]), 0);
    model.applyMessage(welcome([entry(1, { at: 99_000 })]), 0);
    expect(model.log.toArray()).toEqual([entry(1, { at: 99_000 })]);
  });
});
