/** What the page keeps is bounded, however long it is open. */
import { describe, expect, test } from 'vitest';
import type { LogEntry, ToPage } from '../../../src/inspect/messages.ts';
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
const batch = (log: readonly LogEntry[]): ToPage => ({
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
const welcome = (log: readonly LogEntry[]): ToPage => ({
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

describe('a ring', () => {
  test('keeps the newest rows and says how many went', () => {
    const ring = new RingBuffer<string>({ maxRows: 3, maxBytes: 1_000, sizeOf: (row) => row.length });
    expect(['a', 'b', 'c', 'd', 'e'].map((row) => ring.push(row))).toEqual([0, 0, 0, 1, 1]);
    expect({ rows: ring.toArray(), first: ring.at(0), last: ring.at(-1), bytes: ring.bytes }).toEqual({
      rows: ['c', 'd', 'e'],
      first: 'c',
      last: 'e',
      bytes: 3,
    });
  });

  test('lets rows go for a large one, but never the newest', () => {
    const ring = new RingBuffer<string>({ maxRows: 10, maxBytes: 8, sizeOf: (row) => row.length });
    expect(['abc', 'def', 'a row of 21 characters'].map((row) => ring.push(row))).toEqual([0, 0, 2]);
    expect(ring.toArray()).toEqual(['a row of 21 characters']);
  });
});

test('a flood of entries leaves 20,000 of them', () => {
  const model = new InspectionModel();
  for (let id = 1; id <= 30_000; id += 500) model.applyMessage(batch(ids(id, id + 499).map((each) => entry(each))), 0);
  expect({ length: model.log.length, oldest: model.log.at(0)?.id, newest: model.log.at(-1)?.id }).toEqual({
    length: 20_000,
    oldest: 10_001,
    newest: 30_000,
  });
});

test('entries with large payloads leave less than 24 MiB', () => {
  const model = new InspectionModel();
  const payload = { content: 'x'.repeat(1_024 * 1_024) };
  for (const id of ids(1, 20)) model.applyMessage(batch([entry(id, { kind: 'dispatch', payload })]), 0);
  expect(model.log.toArray().map(({ id }) => id)).toEqual(ids(10, 20));
});

describe('the rows of the log', () => {
  const filter = { text: '', kinds: new Set(LOG_KINDS), shard: null };

  test('follow what is new and drop what the log has dropped', () => {
    const model = new InspectionModel();
    const rows = new FilteredLog();
    model.applyMessage(batch(ids(1, 20_000).map((id) => entry(id))), 0);
    rows.update(model, filter);
    model.applyMessage(batch(ids(20_001, 20_003).map((id) => entry(id))), 0);
    rows.update(model, filter);
    expect({
      length: rows.length,
      first: rows.at(0)?.id,
      last: rows.at(rows.length - 1)?.id,
      dropped: rows.consumeDropped(),
    }).toEqual({
      length: 20_000,
      first: 4,
      last: 20_003,
      dropped: 3,
    });
  });

  test('start anew with another filter', () => {
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
    expect([
      shown({}),
      shown({ text: 'decode json' }),
      shown({ kinds: new Set(['notice']) }),
      shown({ shard: '7' }),
    ]).toEqual([[1, 2, 3], [2], [1, 3], [3]]);
  });
});

describe('a page that was cut off', () => {
  test('goes on with its log when the inspector is still the same', () => {
    const model = new InspectionModel();
    model.applyMessage(welcome([entry(1)]), 0);
    model.applyMessage(batch([entry(2, { kind: 'event' }), entry(3), entry(4, { kind: 'event' })]), 0);
    model.applyMessage(welcome([entry(1), entry(3), entry(9)]), 0);
    expect(model.log.toArray().map(({ id }) => id)).toEqual([1, 2, 3, 4, 9]);
  });

  test('starts anew when it is another one', () => {
    const model = new InspectionModel();
    model.applyMessage(welcome([entry(1), entry(2)]), 0);
    model.applyMessage(welcome([entry(1, { at: 99_000 })]), 0);
    expect(model.log.toArray()).toEqual([entry(1, { at: 99_000 })]);
  });
});
