import { constants, createZstdDecompress, inflateSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FakeGatewayOptions } from '../../../src/testing/index.ts';
import { FakeGateway } from '../../../src/testing/index.ts';
import { RawClient, identity } from './raw-client.ts';

async function listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.listen({ identifyIntervalMs: 0, readyGuilds: 3, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

const texts = (client: RawClient): string => Buffer.concat(client.frames.map(({ data }) => data)).toString();

/** Runs the same conversation on a connection with any compression. */
async function transcript(gateway: FakeGateway, query: string, frames: (count: number) => number): Promise<RawClient> {
  const client = new RawClient(gateway, { query, decode: () => [] });
  const connection = await gateway.waitForConnection(({ url }) => url.endsWith(query));
  client.socket.once('open', () => client.send(2, identity));
  await connection.waitFor(2);
  for (let n = 0; n < 20; n += 1) gateway.dispatch('EVENT', { n, text: 'words words words'.repeat(n) });
  connection.close(4000);
  await client.closed;
  expect(client.frames).toHaveLength(frames(1 + 4 + 20));
  return client;
}

async function unzstd(bytes: Buffer): Promise<string> {
  const stream = createZstdDecompress();
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.write(bytes, () => resolve());
  });
  await new Promise((resolve) => stream.once('close', resolve).destroy());
  return text;
}

/** Session ids differ between connections of one gateway. */
const anonymous = (text: string): string => text.replaceAll(/"session_id":"[0-9a-f]+"/g, '"session_id":"…"');

describe('transport compression of FakeGateway', () => {
  test('zlib-stream is one zlib stream, and each message is a binary frame that ends in 00 00 ff ff', async () => {
    const gateway = await listen();
    const plain = await transcript(gateway, 'v=10&encoding=json', (count) => count);
    const client = await transcript(gateway, 'v=10&encoding=json&compress=zlib-stream', (count) => count);
    const bytes = Buffer.concat(client.frames.map(({ data }) => data));
    const text = inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    expect(anonymous(text)).toBe(anonymous(texts(plain)));
    expect(client.frames.every(({ isBinary }) => isBinary)).toBe(true);
    expect(new Set(client.frames.map(({ data }) => data.subarray(-4).toString('hex')))).toEqual(new Set(['0000ffff']));
  });

  test('zstd-stream is one zstd stream, and each message is a binary frame', async () => {
    const gateway = await listen();
    const plain = await transcript(gateway, 'v=10&encoding=json', (count) => count);
    const client = await transcript(gateway, 'v=10&encoding=json&compress=zstd-stream', (count) => count);
    const bytes = Buffer.concat(client.frames.map(({ data }) => data));
    expect(anonymous(await unzstd(bytes))).toBe(anonymous(texts(plain)));
    expect(client.frames.every(({ isBinary }) => isBinary)).toBe(true);
    // The first frame alone decodes to the first message: the compressor holds nothing back.
    const first = await unzstd(client.frames[0]?.data ?? Buffer.alloc(0));
    expect(first).toBe('{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}');
  });

  test.each(['zlib-stream', 'zstd-stream'])(
    '%s uses earlier messages, so that a repeated message takes few bytes',
    async (compress) => {
      const gateway = await listen();
      const client = new RawClient(gateway, { query: `v=10&encoding=json&compress=${compress}`, decode: () => [] });
      client.socket.once('open', () => client.send(2, identity));
      const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
      const noise = Array.from({ length: 500 }, (_, n) => Math.imul(n, 2654435761));
      gateway.dispatch('FIRST', noise);
      gateway.dispatch('AGAIN', noise);
      connection.close();
      await client.closed;
      const [first = 0, again = 0] = client.frames.slice(-2).map(({ data }) => data.length);
      expect(first).toBeGreaterThan(1000);
      expect(again).toBeLessThan(first / 5);
    },
  );

  test('keeps a message of megabytes in one piece', async () => {
    const gateway = await listen();
    const query = 'v=10&encoding=json&compress=zlib-stream';
    const client = new RawClient(gateway, { query, decode: () => [] });
    client.socket.once('open', () => client.send(2, identity));
    const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
    const noise = Array.from({ length: 100_000 }, (_, n) => Math.imul(n, 2654435761));
    gateway.dispatch('LARGE', noise);
    connection.close();
    await client.closed;
    const bytes = Buffer.concat(client.frames.map(({ data }) => data));
    const text = inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    expect(text.endsWith(`{"t":"LARGE","s":5,"op":0,"d":${JSON.stringify(noise)}}`)).toBe(true);
  });
});

const decode = (data: Buffer, isBinary: boolean): string[] => [(isBinary ? inflateSync(data) : data).toString()];

describe('payload compression of FakeGateway', () => {
  test('turns large messages into complete zlib streams, and leaves small ones as text', async () => {
    const gateway = await listen({ payloadCompressionBytes: 300 });
    const client = await RawClient.ready(gateway, { compress: true }, { decode });
    gateway.dispatch('SMALL', 'x');
    gateway.dispatch('LARGE', 'x'.repeat(300));
    await client.next('LARGE');
    expect(client.frames.map(({ isBinary }) => isBinary)).toEqual([false, true, true, true, true, false, true]);
    expect(client.dispatches.map(([s]) => s)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('is off unless IDENTIFY asks for it', async () => {
    const gateway = await listen({ payloadCompressionBytes: 1 });
    const client = await RawClient.ready(gateway);
    expect(client.frames.map(({ isBinary }) => isBinary)).not.toContain(true);
  });

  test('is a violation on top of transport compression, and is not applied', async () => {
    const gateway = await listen({ payloadCompressionBytes: 1 });
    const query = 'v=10&encoding=json&compress=zlib-stream';
    const client = new RawClient(gateway, { query, decode: () => [] });
    client.socket.once('open', () => client.send(2, { ...identity, compress: true }));
    const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
    connection.close();
    await client.closed;
    const bytes = Buffer.concat(client.frames.map(({ data }) => data));
    expect(inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toContain('"READY"');
    expect(gateway.stats.violations).toMatchObject([
      { code: null, what: expect.stringContaining('payload compression') as string },
    ]);
  });
});
