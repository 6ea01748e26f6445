import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordingProblem } from '../../src/recorder/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { startBot } from './kit/bot-process.ts';
import { bytesIn, ofKind, recordsIn } from './kit/recording.ts';

/** How often the recorder writes. */
const WRITE_EVERY_MS = 250;
/** The timer of a busy machine is late, and a write takes its time. */
const BUSY_MS = 500;
/** The bot prints its line a moment after the record. */
const SAME_MOMENT_MS = 50;
const KILLS = Number(process.env['RECORDER_KILLS'] ?? 8);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-killed-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('The recording of a process', () => {
  test(
    `that was killed at a random moment ${KILLS} times is read, and lacks the last ms only`,
    { timeout: 30_000 * KILLS },
    async () => {
      await using gateway = await FakeGateway.listen({
        token: TOKEN,
        heartbeatIntervalMs: 60_000,
        identifyIntervalMs: 0,
      });
      const random = new SeededRandom(KILLS);
      for (let kill = 0; kill < KILLS; kill += 1) {
        // A small recording, so that some kills hit a segment that is being compressed.
        const { child, said, isReady } = startBot(directory, gateway.url, 256 * 1024);
        await isReady;
        await sleep(random.int(0, 700));
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
        // Its last sign of life: a process that gets no CPU time can't write either.
        const aliveAt = Math.max(...said.map(({ at }) => at));
        const problems: RecordingProblem[] = [];
        // A process may be killed before its first write.
        const records = await recordsIn(directory, problems).catch(() => []);
        expect(problems.filter(({ kind }) => kind !== 'torn')).toEqual([]);
        expect(ofKind(records, 'end')).toEqual([]);
        const lastAt = Math.max(0, ...records.map(({ at }) => at));
        const lacking = said.filter(
          ({ at }) => at > lastAt + SAME_MOMENT_MS && at < aliveAt - WRITE_EVERY_MS - BUSY_MS,
        );
        expect(lacking).toEqual([]);
        await rm(directory, { recursive: true, force: true });
      }
    },
  );

  test('that exits in this turn is complete, and names the exit code', { timeout: 60_000 }, async () => {
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      heartbeatIntervalMs: 60_000,
      identifyIntervalMs: 0,
    });
    const { child, said, isReady } = startBot(directory, gateway.url);
    await isReady;
    const exited = once(child, 'exit');
    child.send('exit');
    await exited;
    const records = await recordsIn(directory);
    expect(records.at(-1)).toMatchObject({ kind: 'end', reason: 'exit', exitCode: 3 });
    expect(records.at(-1)!.at).toBeGreaterThanOrEqual(Math.floor(said.at(-1)!.at));
  });

  test('that throws names the error, and not its message', { timeout: 60_000 }, async () => {
    await using gateway = await FakeGateway.listen({
      token: TOKEN,
      heartbeatIntervalMs: 60_000,
      identifyIntervalMs: 0,
    });
    const { child, isReady } = startBot(directory, gateway.url);
    await isReady;
    const exited = once(child, 'exit');
    child.send('throw');
    await exited;
    const records = await recordsIn(directory);
    expect(ofKind(records, 'crash')).toMatchObject([{ name: 'TypeError', code: null }]);
    expect(ofKind(records, 'end')).toMatchObject([{ reason: 'exit', exitCode: 1 }]);
    expect(await bytesIn(directory)).not.toContain('must not be recorded');
  });
});
