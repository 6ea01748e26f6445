/** What both ways to inflate a connection have to keep to. */
import { createInflate } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { StreamInflater, SyncInflater } from '../../src/decoding/inflater.ts';
import { acquireScratch, releaseScratch } from '../../src/decoding/native-inflater.ts';
import { compress } from '../kit/compressed-streams.ts';

const TEXTS = ['{"op":10}', '{"op":11,"d":null}', '{"op":1,"d":7}'];
const NOISE = Buffer.from('this was never compressed');

function setUp(Kind: typeof SyncInflater | typeof StreamInflater, maxBytes = 1_000) {
  const told: string[] = [];
  const sink = {
    output: (bytes: Buffer, endsMessage: boolean) =>
      void told.push(`${endsMessage ? 'whole' : 'part'} ${bytes.toString()}`),
    failed: () => void told.push('failed'),
  };
  const inflater = new Kind('zlib', sink, maxBytes);
  const flushed = (): Promise<void> => new Promise((resolve) => inflater.flush(resolve));
  return { inflater, told, sink, flushed };
}

describe.each([
  ['SyncInflater', SyncInflater],
  ['StreamInflater', StreamInflater],
] as const)('%s', (_name, Kind) => {
  it('gives out each write with what was said of it, in order', async () => {
    const { inflater, told, flushed } = setUp(Kind);
    const [one, two, three] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    inflater.write(two!, false);
    inflater.write(three!, true);
    await flushed();
    expect(told).toEqual([`whole ${TEXTS[0]}`, `part ${TEXTS[1]}`, `whole ${TEXTS[2]}`]);
  });

  it('gives out what was written though nobody waits for it', async () => {
    const { inflater, told, sink } = setUp(Kind);
    const [one] = await compress('zlib', TEXTS);
    const given = new Promise<void>((resolve) => {
      const { output } = sink;
      sink.output = (bytes, ends) => {
        output(bytes, ends);
        resolve();
      };
    });
    inflater.write(one!, true);
    await given;
    expect(told).toEqual([`whole ${TEXTS[0]}`]);
  });

  it('gives out as much as the limit in one write, and fails at one byte more', async () => {
    const frames = await compress('zlib', ['x'.repeat(100), 'x'.repeat(101)]);
    const { inflater, told, flushed } = setUp(Kind, 100);
    for (const frame of frames) inflater.write(frame, true);
    await flushed();
    expect(told).toEqual([`whole ${'x'.repeat(100)}`, 'failed']);
  });

  it('gives out nothing after it was closed, calls back those who wait, and fails no more', async () => {
    const { inflater, told, flushed } = setUp(Kind);
    const [one, two] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    await flushed();
    inflater.write(two!, true);
    const pending = flushed();
    told.splice(0);
    inflater.close();
    inflater.close();
    inflater.write(two!, true);
    inflater.write(NOISE, true);
    await pending;
    await flushed();
    expect(told).toEqual([]);
  });

  it('fails once, tells before it calls back those who wait, and gives out nothing more', async () => {
    const { inflater, told } = setUp(Kind);
    const [one, two] = await compress('zlib', TEXTS);
    inflater.write(one!, true);
    inflater.write(NOISE, true);
    inflater.write(two!, true);
    await new Promise<void>((resolve) => {
      inflater.flush(() => {
        told.push('flushed');
        resolve();
      });
    });
    inflater.write(NOISE, true);
    expect(told).toEqual([`whole ${TEXTS[0]}`, 'failed', 'flushed']);
  });

  it.each(['closed', 'failed'])('lets go of its native context when it is %s', async (how) => {
    const close = vi.spyOn(Object.getPrototypeOf(createInflate()) as ReturnType<typeof createInflate>, 'close');
    const { inflater, flushed } = setUp(Kind);
    if (how === 'closed') inflater.close();
    else inflater.write(NOISE, true);
    await flushed();
    expect(close).toHaveBeenCalled();
    close.mockRestore();
  });
});

it('SyncInflater gives the shared buffer back, also after a failure', async () => {
  const shared = acquireScratch();
  releaseScratch(shared);
  const { inflater } = setUp(SyncInflater);
  const kept = [...(await compress('zlib', TEXTS.slice(0, 1))), NOISE].map((frame) => {
    inflater.write(frame, true);
    const now = acquireScratch();
    releaseScratch(now);
    return now === shared;
  });
  expect(kept).toEqual([true, true]);
});
