/** The server behind `shardwright inspect FILE`: what it sends a page of a recording, and what it saves of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ToPage } from '../../src/inspect/messages.ts';
import { lineOf } from '../../src/recorder/format/index.ts';
import type { RecordingRecord } from '../../src/recorder/format/index.ts';
import { segmentName } from '../../src/recorder/format/segment-name.ts';
import { inspectRecording } from '../../src/recorder/inspect/recorded-inspector.ts';
import { PageSocket } from '../inspect/page-socket.ts';
import { recordedShard, recordingDirectory, storyOf } from './kit/recorded-incident.ts';
import { headerOf, stateRecord } from './kit/records.ts';
import { recordsIn } from './kit/recording.ts';

type Moment = Extract<ToPage, { type: 'moment' }>;

const kinds = ({ log }: Moment): string[] => log.map(({ shard, kind }) => `${shard} ${kind}`);

const open = async (path: string) => {
  const inspector = await inspectRecording({ path, port: 0, now: Date.UTC(2030, 0) });
  onTestFinished(() => inspector[Symbol.asyncDispose]());
  const page = await PageSocket.open(inspector.url);
  onTestFinished(() => page.socket.terminate());
  const ask = async (message: Parameters<PageSocket['send']>[0]): Promise<Moment> => {
    const before = page.messages.length;
    page.send(message);
    await page.until(() => page.messages.length > before);
    return page.messages.at(-1) as Moment;
  };
  return { ...inspector, page, first: page.messages[0] as Moment, ask };
};

/** A recording of a shard that is cut, and resumes. */
async function cutRecording(): Promise<string> {
  const directory = await recordingDirectory();
  const { clock, socket, recorder } = await recordedShard(directory);
  await clock.advanceAsync(60_000);
  socket().end(1006);
  await clock.advanceAsync(120_000);
  await recorder.close();
  return directory;
}

async function fileWith(records: readonly RecordingRecord[]): Promise<string> {
  const path = join(await recordingDirectory(), 'night.ndjson');
  await writeFile(path, records.map(lineOf).join(''));
  return path;
}

describe('a recording on the page of the inspector', () => {
  test('a page gets the end of the recording and its incidents first', async () => {
    const { first } = await open(await cutRecording());
    expect(first).toMatchObject({ type: 'moment', now: first.span?.to, shards: [{ key: '0', shardId: 0 }] });
    expect(first.span?.incidents.map(({ number, title }) => ({ number, title }))).toEqual([
      { number: 1, title: 'the connection was cut' },
    ]);
    expect(first.span?.incidents[0]).toMatchObject({ lost: 'Nothing was lost.', shards: [0] });
  });

  test('at each time, the shard, its chart and its log are as they were', async () => {
    const path = await cutRecording();
    const { ask } = await open(path);
    const states = (await recordsIn(path)).filter((record) => record.kind === 'state');
    expect(states.map(({ to }) => to)).toContain('resuming');
    for (const [index, { at, to }] of states.entries()) {
      if (states[index + 1]?.at === at) continue;
      const moment = await ask({ type: 'seek', at });
      expect(moment.now).toBe(at);
      expect(moment.shards.map(({ state }) => state)).toEqual([to]);
      expect(moment.detail?.states.at(-1)).toEqual({ at, state: to });
      expect(moment.log.every((entry) => entry.at <= at)).toBe(true);
      expect(moment.log.findLast(({ kind }) => kind === 'state')?.text).toMatch(new RegExp(`→ ${to}$`));
      const leaf = moment.detail?.active.join(' ') ?? '';
      expect(leaf).toContain(to === 'connecting' ? 'connecting' : to);
    }
  });

  test('a shard whose thread died, without a last step, is shown in the state that it had', async () => {
    const ready = ['shard.online', 'shard.online.session', 'shard.online.session.ready'];
    const path = await fileWith([
      headerOf({ at: 0, run: 'run' }),
      { kind: 'shard', at: 0, shard: 0, shardCount: 1, state: 'ready', active: ready, worker: 0, options: null },
      stateRecord(100, 'ready', 'reconnecting'),
      stateRecord(200, 'reconnecting', 'connecting'),
      { kind: 'step', at: 201, shard: 0, event: 'x', taken: ['y'], active: ['shard.restoring'], delayMs: 1 },
      stateRecord(300, 'connecting', 'disconnected'),
    ]);
    const { ask } = await open(path);
    const activeAt = async (at: number) => (await ask({ type: 'seek', at })).detail?.active;
    expect(await activeAt(99)).toEqual(ready);
    expect(await activeAt(100)).toEqual(['shard.reconnecting']);
    expect(await activeAt(201)).toEqual(['shard.restoring']);
    expect(await activeAt(300)).toEqual(['shard.disconnected']);
  });

  test('a time outside of the recording is its begin or its end', async () => {
    const { ask, span } = await open(await cutRecording());
    expect((await ask({ type: 'seek', at: -1e300 })).now).toBe(span.from);
    expect((await ask({ type: 'seek', at: 1e300 })).now).toBe(span.to);
  });

  test('a message to a page has at most 2,000 entries of the log, however long the recording is', async () => {
    const records: RecordingRecord[] = [
      headerOf({ at: 0, run: 'a', shards: [{ shard: 0, shardCount: 1, state: 'ready', active: null, worker: null }] }),
    ];
    for (let at = 1; at <= 5_000; at += 1) records.push({ kind: 'heartbeat', at, shard: 0, latencyMs: 20 });
    const { first } = await open(await fileWith(records));
    expect(first.log).toHaveLength(2_000);
    expect(first.log.at(-1)?.at).toBe(5_000);
    expect(first.detail?.heartbeats).toHaveLength(2_000);
  });

  test('events of the log are those of the selected shard', async () => {
    const shards = [0, 1].map((shard) => ({ shard, shardCount: 2, state: 'ready', active: null, worker: null }));
    const { ask } = await open(
      await fileWith([
        headerOf({ at: 0, run: 'a', shards }),
        { kind: 'heartbeat', at: 1, shard: 0, latencyMs: 10 },
        { kind: 'heartbeat', at: 2, shard: 1, latencyMs: 11 },
        stateRecord(3, 'ready', 'zombie', 1),
      ]),
    );
    expect(kinds(await ask({ type: 'select', shard: '0' }))).toEqual(['0 heartbeat', '1 state']);
    expect(kinds(await ask({ type: 'select', shard: '1' }))).toEqual(['1 heartbeat', '1 state']);
  });

  test('a process that was killed leaves its shards disconnected, and the next one goes on under their names', async () => {
    const shards = [{ shard: 0, shardCount: 1, state: 'ready', active: null, worker: null }];
    const { first, ask } = await open(
      await fileWith([
        headerOf({ at: 0, run: 'a', shards }),
        { kind: 'heartbeat', at: 1_000, shard: 0, latencyMs: 10 },
        headerOf({ at: 9_000, run: 'b', shards: [{ ...shards[0]!, state: 'connecting' }] }),
        stateRecord(9_500, 'connecting', 'ready'),
      ]),
    );
    expect(first.shards.map(({ key, state }) => [key, state])).toEqual([['0', 'ready']]);
    expect((await ask({ type: 'seek', at: 5_000 })).shards[0]).toMatchObject({ state: 'disconnected', since: 1_000 });
    expect((await ask({ type: 'seek', at: 9_100 })).shards[0]).toMatchObject({ state: 'connecting', since: 9_000 });
  });

  test('two processes at the same time have a shard each', async () => {
    const shards = [{ shard: 0, shardCount: 1, state: 'ready', active: null, worker: null }];
    const directory = await recordingDirectory();
    for (const [index, run] of ['20260101T000000000Z-1-aaaa', '20260101T000001000Z-2-bbbb'].entries())
      await writeFile(
        join(directory, segmentName(run, 1)),
        [headerOf({ at: index, run, shards }), stateRecord(100 + index, 'ready', 'zombie')].map(lineOf).join(''),
      );
    const { first } = await open(directory);
    expect(first.shards.map(({ key, state }) => [key, state])).toEqual([
      ['0', 'zombie'],
      ['0#2', 'zombie'],
    ]);
  });

  test('a stretch has the records of its time, and before them only records that are in the recording', async () => {
    const path = await cutRecording();
    const { url, span } = await open(path);
    const all = (await recordsIn(path)).map(lineOf);
    const [incident] = span.incidents;
    const from = Math.floor(incident!.startAt - 100);
    const to = Math.ceil(incident!.endAt + 100);
    const text = await (await fetch(`${url}stretch/${from}-${to}.ndjson`)).text();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => `${line}\n`);
    const known = new Set(all);
    expect(lines.filter((line) => !known.has(line))).toEqual([]);
    const within = (line: string) => {
      const { at } = JSON.parse(line) as { at: number };
      return at >= from && at <= to;
    };
    expect(lines.filter(within)).toEqual(all.filter(within));
    expect(lines.length).toBeLessThan(all.length);

    const saved = join(await recordingDirectory(), 'stretch.ndjson');
    await writeFile(saved, text);
    expect((await storyOf(saved)).incidents.map(({ title }) => title)).toEqual(['the connection was cut']);
    expect((await open(saved)).first.shards.map(({ state }) => state)).toEqual(['ready']);
  });

  test('what is damaged is left out, and named', async () => {
    const path = await fileWith([
      headerOf({ at: 0, run: 'a', shards: [{ shard: 0, shardCount: 1, state: 'ready', active: null, worker: null }] }),
    ]);
    await writeFile(path, `${await readFile(path, 'utf8')}what?\n${lineOf(stateRecord(5, 'ready', 'zombie'))}`);
    const { first } = await open(path);
    expect(first.span?.problems).toEqual(['night.ndjson has 1 lines that are no records']);
    expect(first.shards[0]?.state).toBe('zombie');
  });

  test.each([
    ['no recording', 'hello\n', /no recording can be read/],
    [
      'a newer one',
      '{"kind":"header","format":"shardwright-recording","version":99,"at":0}\n',
      /newer version of shardwright/,
    ],
  ])('%s is refused in words', async (_name, text, message) => {
    const path = join(await recordingDirectory(), 'file.ndjson');
    await writeFile(path, text);
    await expect(inspectRecording({ path, port: 0, now: 0 })).rejects.toThrow(message);
  });

  test('foreign hosts and origins get neither the page nor a stretch', async () => {
    const { url } = await open(await cutRecording());
    const statusFor = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) =>
        request(`${url}stretch/0-1.ndjson`, { headers }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end(),
      );
    expect(await statusFor({ Host: 'evil.example' })).toBe(403);
    expect(await statusFor({ Origin: 'https://evil.example' })).toBe(403);
    expect(await statusFor({})).toBe(200);
  });
});
