/** The contract of both inflaters: order, limit, failure and close(). */
import { createInflate } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { StreamInflater, SyncInflater } from '../../src/decoding/inflater.ts';
import { acquireScratch, releaseScratch } from '../../src/decoding/native-inflater.ts';
import { compress } from '../kit/compressed-streams.ts';

const TEXTS = ['{"op":10}', '{"op":11,"d":null}', '{"op":1,"d":7}'];
const CORRUPT = Buffer.from('this was never compressed');

function setUp(Kind: typeof SyncInflater | typeof StreamInflater, maxBytes = 1_000) {
  const received: string[] = [];
  const sink = {
    output: (bytes: Buffer, endsMessage: boolean) =>
      void received.push(`${endsMessage ? 'whole' : 'part'} ${bytes.toString()}`),
    failed: () => void received.push('failed'),
  };
  const inflater = new Kind('zlib', sink, maxBytes);
  const flushed = (): Promise<void> => new Promise((resolve) => inflater.flush(resolve));
  return { inflater, received, sink, flushed };
}

describe.each([
  ['SyncInflater', SyncInflater],
  ['StreamInflater', StreamInflater],
] as const)('%s', (_name, Kind) => {
  test('outputs each write with its endsMessage, in order', async () => {
    const { inflater, received, flushed } = setUp(Kind);
    const [one, two, three] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    inflater.write(two!, false);
    inflater.write(three!, true);
    await flushed();
    expect(received).toEqual([`whole ${TEXTS[0]}`, `part ${TEXTS[1]}`, `whole ${TEXTS[2]}`]);
  });

  test('outputs a write without a call of flush()', async () => {
    const { inflater, received, sink } = setUp(Kind);
    const [one] = await compress('zlib', TEXTS);
    const outputCame = new Promise<void>((resolve) => {
      const { output } = sink;
      sink.output = (bytes, endsMessage) => {
        output(bytes, endsMessage);
        resolve();
      };
    });
    inflater.write(one!, true);
    await outputCame;
    expect(received).toEqual([`whole ${TEXTS[0]}`]);
  });

  test('outputs as many bytes as the limit in one write, and fails at one byte more', async () => {
    const frames = await compress('zlib', ['x'.repeat(100), 'x'.repeat(101)]);
    const { inflater, received, flushed } = setUp(Kind, 100);
    for (const frame of frames) inflater.write(frame, true);
    await flushed();
    expect(received).toEqual([`whole ${'x'.repeat(100)}`, 'failed']);
  });

  test('outputs nothing after close(), calls back from flush(), and does not fail any more', async () => {
    const { inflater, received, flushed } = setUp(Kind);
    const [one, two] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    await flushed();
    inflater.write(two!, true);
    const pending = flushed();
    received.splice(0);
    inflater.close();
    inflater.close();
    inflater.write(two!, true);
    inflater.write(CORRUPT, true);
    await pending;
    await flushed();
    expect(received).toEqual([]);
  });

  test('fails once, before it calls back from flush(), and outputs nothing afterwards', async () => {
    const { inflater, received } = setUp(Kind);
    const [one, two] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    inflater.write(CORRUPT, true);
    inflater.write(two!, true);
    await new Promise<void>((resolve) => {
      inflater.flush(() => {
        received.push('flushed');
        resolve();
      });
    });
    inflater.write(CORRUPT, true);
    expect(received).toEqual([`whole ${TEXTS[0]}`, 'failed', 'flushed']);
  });

  test.each(['closed', 'failed'])('closes its native context when it is %s', async (ending) => {
    const close = vi.spyOn(Object.getPrototypeOf(createInflate()) as ReturnType<typeof createInflate>, 'close');
    const { inflater, flushed } = setUp(Kind);
    if (ending === 'closed') inflater.close();
    else inflater.write(CORRUPT, true);
    await flushed();
    expect(close).toHaveBeenCalled();
    close.mockRestore();
  });
});

test('SyncInflater releases the shared buffer, also after a failure', async () => {
  const shared = acquireScratch();
  releaseScratch(shared);
  const { inflater } = setUp(SyncInflater);
  const isReleased = [...(await compress('zlib', TEXTS.slice(0, 1))), CORRUPT].map((frame) => {
    inflater.write(frame, true);
    const now = acquireScratch();
    releaseScratch(now);
    return now === shared;
  });
  expect(isReleased).toEqual([true, true]);
});
