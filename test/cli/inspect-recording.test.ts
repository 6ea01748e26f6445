import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PageSocket } from '../inspect/page-socket.ts';
import { recordedShard, recordingDirectory } from '../recorder/kit/recorded-incident.ts';
import { runCli, startCli } from './run-cli.ts';

describe('shardwright inspect FILE|DIRECTORY', () => {
  test('serves the recording on a local page until Ctrl-C', async () => {
    const directory = await recordingDirectory();
    const { clock, socket, recorder } = await recordedShard(directory);
    await clock.advanceAsync(60_000);
    socket().end(1006);
    await clock.advanceAsync(60_000);
    await recorder.close();

    const cli = startCli(['inspect', directory]);
    const output = await cli.waitForOutput('press Ctrl-C to stop');
    const [, url = ''] = /with 1 incident, is at (http:\/\/127\.0\.0\.1:\d+\/)/.exec(output) ?? [];
    const page = await PageSocket.open(url);
    expect(page.messages[0]).toMatchObject({ type: 'moment', shards: [{ key: '0', state: 'ready' }] });
    cli.interrupt();
    expect((await cli.finished).code).toBe(0);
  });

  test.each([
    ['is no recording', 'hello\n', 'no recording can be read'],
    ['is newer', '{"kind":"header","format":"shardwright-recording","version":99,"at":0}\n', 'newer version'],
  ])('says in words that a file %s', async (_what, text, words) => {
    const path = join(await recordingDirectory(), 'file.ndjson');
    await writeFile(path, text);
    const { code, stderr } = await runCli(['inspect', path]);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});
