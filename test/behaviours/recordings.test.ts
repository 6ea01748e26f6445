/** What you can rely on a recording to have, and not to have. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { runReplay } from '../../src/cli/replay/run-replay.ts';
import { SECRET_CONTENT, SECRET_TOKEN } from '../kit/inspected-scenario.ts';
import { liveManager, nextEvent } from '../kit/live-manager.ts';
import { virtualShard } from '../kit/virtual-shard.ts';
import { bytesIn, ofKind, recordsIn } from '../recorder/kit/recording.ts';
import { recordingDirectory } from '../recorder/kit/recorded-incident.ts';

const LIMIT_MS = 120_000;

describe('Recordings', () => {
  test.each([0, 1])(
    '124. a recording with %i workers has the head of each frame and the number of dispatches, and no content, session id or token',
    { timeout: LIMIT_MS },
    async (workers) => {
      const directory = await recordingDirectory();
      const recorder = new FlightRecorder({ directory });
      const secrets = [SECRET_TOKEN, SECRET_CONTENT];
      {
        await using kit = await liveManager(
          { inspect: recorder, shards: 1, workers, token: SECRET_TOKEN },
          { token: SECRET_TOKEN },
        );
        await kit.manager.connect();
        const shard = kit.manager.shards.get(0)!;
        secrets.push(shard.session!.sessionId);
        for (let n = 0; n < 5; n += 1) kit.gateway.dispatch('MESSAGE_CREATE', { content: SECRET_CONTENT });
        const resumed = nextEvent(kit.manager, 'resumed');
        kit.gateway.connections[0]!.close(4000, SECRET_CONTENT);
        await resumed;
      }
      await recorder.close();
      const records = await recordsIn(directory);
      const heads = ofKind(records, 'frame').filter(({ op }) => op !== 1 && op !== 11);
      expect(heads.map(({ direction, op, t }) => [direction, op, t])).toEqual([
        ['in', 10, null],
        ['out', 2, null],
        ['in', 0, 'READY'],
        ['in', 10, null],
        ['out', 6, null],
        ['in', 0, 'RESUMED'],
      ]);
      const messages = ofKind(records, 'dispatches').flatMap(({ kinds }) => kinds?.get('MESSAGE_CREATE') ?? []);
      expect(messages.reduce((sum, { count }) => sum + count, 0)).toBe(5);
      const bytes = await bytesIn(directory);
      expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
    },
  );

  test(
    '125. a recording that can not be written is one warning, and the shard goes on',
    { timeout: LIMIT_MS },
    async () => {
      const file = join(await recordingDirectory(), 'a-file');
      await writeFile(file, '');
      const warned = new Promise<string>((resolve) =>
        process.once('warning', ({ name, message }) => resolve(`${name}: ${message}`)),
      );
      const recorder = new FlightRecorder({ directory: file });
      const { shard, clock } = virtualShard({ inspect: recorder });
      const connected = shard.connect();
      await clock.advanceAsync(100);
      await connected;
      await recorder.flush();
      expect(await warned).toMatch(/^ShardwrightRecorderWarning: the recording can't be written, the shards go on/);
      expect(shard.state).toBe('ready');
      await recorder.close();
    },
  );

  test(
    '126. a manager in the replay of a recording passes the same states as the recorded one',
    { timeout: LIMIT_MS },
    async () => {
      const directory = await recordingDirectory();
      const recorder = new FlightRecorder({ directory });
      {
        await using kit = await liveManager({ inspect: recorder, shards: 2 });
        await kit.manager.connect();
        const resumed = nextEvent(kit.manager, 'resumed');
        kit.gateway.connections[1]!.terminate();
        await resumed;
      }
      await recorder.close();
      const { manager, shards } = await runReplay(directory, 2);
      expect(manager).toEqual({ changes: 4, difference: null });
      expect(shards.map(({ shardId, difference }) => [shardId, difference])).toEqual([
        [0, null],
        [1, null],
      ]);
    },
  );
});
