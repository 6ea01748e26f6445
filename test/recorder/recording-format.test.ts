import { appendFile, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assert, json, oneof, property, string } from 'fast-check';
import { lineOf, parseLine, readRecording } from '../../src/recorder/format/index.ts';
import type { RecordedLine, RecordingProblem, RecordingRecord } from '../../src/recorder/format/index.ts';
import { parseSegmentName, runOf, segmentName } from '../../src/recorder/format/segment-name.ts';
import { headerOf, stateRecord } from './kit/records.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-recording-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const RUN_A = runOf(1_000, 11, 'aaaa');
const RUN_B = runOf(2_000, 22, 'bbbb');

const write = (run: string, number: number, records: readonly RecordingRecord[]): Promise<void> =>
  writeFile(join(directory, segmentName(run, number)), records.map(lineOf).join(''));

async function readAll(path = directory): Promise<{ lines: RecordedLine[]; problems: RecordingProblem[] }> {
  const problems: RecordingProblem[] = [];
  const lines: RecordedLine[] = [];
  for await (const line of readRecording(path, { onProblem: (problem) => problems.push(problem) })) lines.push(line);
  return { lines, problems };
}

describe('a record', () => {
  test('is the same after it was written as a line and read', () => {
    const records: RecordingRecord[] = [
      headerOf({ at: 1, run: RUN_A }),
      stateRecord(2, 'ready', 'zombie'),
      {
        kind: 'dispatches',
        at: 3,
        shard: 0,
        periodMs: 1_000,
        count: 2,
        firstS: 4,
        lastS: 5,
        kinds: new Map([['MESSAGE_CREATE', { count: 2, bytes: 900 }]]),
      },
    ];
    expect(records.map((record) => parseLine(lineOf(record)))).toEqual(records);
  });

  test.each([
    ['text that is no JSON', '{"at":1,'],
    ['a record without a time', '{"kind":"connected","shard":0}'],
    ['a field of another type', '{"at":1,"kind":"heartbeat","shard":0,"latencyMs":"12"}'],
    ['a missing field', '{"at":1,"kind":"heartbeat","shard":0}'],
    ['a list in place of an object', '[]'],
  ])('%s is damaged', (_name, line) => {
    expect(parseLine(line)).toBe('damaged');
  });

  test('of a kind that this version does not know is unknown', () => {
    expect(parseLine('{"at":1,"kind":"weather"}')).toBe('unknown');
    expect(parseLine('{"at":1,"kind":"toString"}')).toBe('unknown');
  });

  test('with a field that this version does not know is read without it', () => {
    expect(parseLine('{"at":1,"kind":"connected","shard":0,"colour":"red"}')).toEqual({
      kind: 'connected',
      at: 1,
      shard: 0,
    });
  });

  test('has no control characters after it was read', () => {
    const line = '{"at":1,"kind":"state","shard":0,"from":"\\u001b[2J","to":"ready"}';
    expect(parseLine(line)).toEqual(stateRecord(1, '\\u001b[2J', 'ready'));
  });

  test('is read from any line without a throw', () => {
    assert(
      property(oneof(string(), json()), (line) => {
        expect(['object', 'string']).toContain(typeof parseLine(line));
      }),
    );
  });
});

describe('the name of a segment', () => {
  test('says the run and the number, and sorts by both', () => {
    expect(segmentName(RUN_A, 3)).toBe('shardwright-19700101T000001000Z-11-aaaa-000003.ndjson');
    expect(parseSegmentName(`${segmentName(RUN_A, 3)}.gz`)).toEqual({ run: RUN_A, number: 3, isCompressed: true });
    expect(parseSegmentName('notes.ndjson')).toBeNull();
  });
});

describe('readRecording()', () => {
  test('yields the records of several processes in the order of time', async () => {
    await write(RUN_B, 1, [headerOf({ at: 2_000, run: RUN_B }), stateRecord(2_500, 'ready', 'failed')]);
    await write(RUN_A, 1, [headerOf({ at: 1_000, run: RUN_A }), stateRecord(1_500, 'connecting', 'ready')]);
    await write(RUN_A, 2, [headerOf({ at: 2_200, run: RUN_A, segment: 2 }), stateRecord(2_700, 'ready', 'zombie')]);
    const { lines, problems } = await readAll();
    expect(lines.map(({ run, record }) => [run === RUN_A ? 'A' : 'B', record.at])).toEqual([
      ['A', 1_000],
      ['A', 1_500],
      ['B', 2_000],
      ['A', 2_200],
      ['B', 2_500],
      ['A', 2_700],
    ]);
    expect(problems).toEqual([]);
  });

  test('reads a compressed segment, also when the plain one is still there', async () => {
    const records = [headerOf({ at: 1_000, run: RUN_A }), stateRecord(1_500, 'connecting', 'ready')];
    await write(RUN_A, 1, records);
    await writeFile(join(directory, `${segmentName(RUN_A, 1)}.gz`), gzipSync(records.map(lineOf).join('')));
    expect((await readAll()).lines.map(({ record }) => record)).toEqual(records);
  });

  test('reads one file, whatever its name', async () => {
    await write(RUN_A, 1, [headerOf({ at: 1_000, run: RUN_A })]);
    const path = join(directory, 'incident.txt');
    await rename(join(directory, segmentName(RUN_A, 1)), path);
    expect((await readAll(path)).lines).toEqual([{ run: RUN_A, record: headerOf({ at: 1_000, run: RUN_A }) }]);
  });

  test('reads everything before a cut, wherever it is', async () => {
    const records = [
      headerOf({ at: 1_000, run: RUN_A }),
      stateRecord(1_500, 'connecting', 'ready'),
      stateRecord(1_600, 'ready', 'zombie'),
    ];
    const whole = records.map(lineOf).join('');
    const path = join(directory, segmentName(RUN_A, 1));
    for (let length = lineOf(records[0]!).length; length < whole.length; length += 1) {
      await writeFile(path, whole.slice(0, length));
      const complete = whole.slice(0, length + 1).split('\n').length - 1;
      expect((await readAll()).lines.map(({ record }) => record)).toEqual(records.slice(0, complete));
    }
  });

  test('says that the last line is cut off', async () => {
    await write(RUN_A, 1, [headerOf({ at: 1_000, run: RUN_A })]);
    await appendFile(join(directory, segmentName(RUN_A, 1)), '{"at":15');
    expect((await readAll()).problems).toEqual([
      {
        file: segmentName(RUN_A, 1),
        kind: 'torn',
        lines: 1,
        reason: `the last line of ${segmentName(RUN_A, 1)} is cut off`,
      },
    ]);
  });

  test('reads a compressed segment up to its cut', async () => {
    const records = Array.from({ length: 2_000 }, (_, index) => stateRecord(1_000 + index, 'ready', `s${index % 977}`));
    const whole = gzipSync([headerOf({ at: 1_000, run: RUN_A }), ...records].map(lineOf).join(''));
    const path = join(directory, `${segmentName(RUN_A, 1)}.gz`);
    await writeFile(path, whole);
    await truncate(path, Math.floor(whole.length / 2));
    const { lines } = await readAll();
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.slice(1).map(({ record }) => record)).toEqual(records.slice(0, lines.length - 1));
  });

  test('goes on with the next segment after one that is not readable', async () => {
    await write(RUN_A, 1, [headerOf({ at: 1_000, run: RUN_A })]);
    await writeFile(
      join(directory, `${segmentName(RUN_A, 2)}.gz`),
      Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    );
    await write(RUN_A, 3, [headerOf({ at: 3_000, run: RUN_A, segment: 3 })]);
    const { lines, problems } = await readAll();
    expect(lines.map(({ record }) => record.at)).toEqual([1_000, 3_000]);
    expect(problems).toMatchObject([{ file: `${segmentName(RUN_A, 2)}.gz`, kind: 'damaged' }]);
  });

  test('leaves out damaged lines in the middle, and counts them', async () => {
    const good = lineOf(stateRecord(1_500, 'connecting', 'ready'));
    const header = lineOf(headerOf({ at: 1_000, run: RUN_A }));
    await writeFile(join(directory, segmentName(RUN_A, 1)), `${header}\0\0\0\n{}\n${good}`);
    const { lines, problems } = await readAll();
    expect(lines.map(({ record }) => record.at)).toEqual([1_000, 1_500]);
    expect(problems).toMatchObject([{ kind: 'damaged', lines: 2 }]);
  });

  test('refuses a recording of a newer version', async () => {
    const path = join(directory, segmentName(RUN_A, 1));
    await writeFile(path, lineOf(headerOf({ at: 1_000, run: RUN_A, version: 2 })));
    await expect(readAll()).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: `no recording can be read: ${segmentName(RUN_A, 1)} was written by a newer version of shardwright`,
    });
  });

  test.each([
    ['a directory without segments', ''],
    ['a path that does not exist', 'nothing'],
  ])('rejects for %s', async (_name, path) => {
    await expect(readAll(join(directory, path))).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
  });

  test('does not read what is not a regular file', async () => {
    await symlink('/dev/zero', join(directory, segmentName(RUN_A, 1)));
    await expect(readAll()).rejects.toMatchObject({ code: 'RECORDING_UNREADABLE' });
  });

  test('does not read a line without an end', async () => {
    const path = join(directory, `${segmentName(RUN_A, 1)}.gz`);
    const header = lineOf(headerOf({ at: 1_000, run: RUN_A }));
    await writeFile(path, gzipSync(header + ' '.repeat(8 * 1024 * 1024)));
    expect((await readFile(path)).length).toBeLessThan(100_000);
    const { lines, problems } = await readAll();
    expect(lines).toHaveLength(1);
    expect(problems).toMatchObject([{ kind: 'damaged' }]);
  });
});
