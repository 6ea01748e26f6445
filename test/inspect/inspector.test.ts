import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { transitionsOf } from '../../machines/transitions.ts';
import { Shard } from '../../src/index.ts';
import { createInspector } from '../../src/inspect/index.ts';
import type { InspectorOptions } from '../../src/inspect/index.ts';
import { shardMachine } from '../../machines/index.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { TOKEN } from '../kit/virtual-shard.ts';
import { PageSocket } from './page-socket.ts';

async function inspectedShard(options: InspectorOptions = {}) {
  const inspector = await createInspector(options);
  const live = await liveShard({ inspect: inspector.inspect });
  return {
    ...live,
    inspector,
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await inspector.close();
    },
  };
}

const get = (
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> =>
  new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });

const refusedStatus = async (url: string, headers: Record<string, string>): Promise<number | undefined> => {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode;
};

describe('createInspector: messages to a page', () => {
  test('control characters of the gateway are escaped in the log, and long texts are cut', async () => {
    await using kit = await inspectedShard({ payloads: true });
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    await kit.shard.connect();
    kit.gateway.dispatch(`LONG${'x'.repeat(5_000)}`, {});
    kit.gateway.connections[0]!.close(4000, 'bye\u001B[2J\n\u202Egpj');
    await nextEvent(kit.shard, 'resumed');
    await page.until(() => page.log.some(({ kind }) => kind === 'closed'));
    const closed = page.log.find(({ kind }) => kind === 'closed');
    expect(closed?.text).toContain(String.raw`bye\u001b[2J\n\u202egpj`);
    await page.until(() => page.log.some(({ text }) => text.startsWith('LONG')));
    expect(page.log.find(({ text }) => text.startsWith('LONG'))?.text.length).toBe(2_000);
  });

  test('a fault has its hint', async () => {
    await using kit = await inspectedShard();
    const page = await PageSocket.open(kit.inspector.url);
    await kit.shard.connect();
    kit.gateway.connections[0]!.close(4008, 'Rate limited.');
    await nextEvent(kit.shard, 'resumed');
    await page.until(() => page.log.some(({ kind }) => kind === 'fault'));
    expect(page.log.find(({ kind }) => kind === 'fault')?.hint).toContain('Report this as a bug of shardwright');
  });

  test('a page receives states, closes, heartbeats and transitions of the selected shard', async () => {
    await using kit = await inspectedShard();
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    await kit.shard.connect();
    await nextEvent(kit.shard, 'heartbeat');
    kit.gateway.connections[0]!.terminate();
    await nextEvent(kit.shard, 'resumed');
    await page.until(
      () => page.batches.at(-1)!.log.length >= 0 && page.log.some(({ text }) => text === 'resuming → ready'),
    );

    expect(page.log.filter(({ kind }) => kind === 'state').map(({ text }) => text)).toEqual([
      'disconnected → connecting',
      'connecting → identifying',
      'identifying → ready',
      'ready → reconnecting',
      'reconnecting → connecting',
      'connecting → resuming',
      'resuming → ready',
    ]);
    expect(page.log.filter(({ kind }) => kind === 'closed').map(({ text }) => text)).toEqual([
      '1006 abnormal closure (transport); will resume',
    ]);
    expect(page.batches.flatMap(({ marks }) => marks).map(({ kind, text }) => ({ kind, text }))).toEqual([
      { kind: 'closed', text: '1006' },
    ]);
    expect(page.batches.flatMap(({ heartbeats }) => heartbeats).length).toBeGreaterThan(0);
    const known = new Set(transitionsOf(shardMachine).map(({ id }) => id));
    const events = page.log.filter(({ kind }) => kind === 'event');
    expect(events.flatMap(({ taken }) => taken!).filter((id) => !known.has(id))).toEqual([]);
    // The first heartbeat may come before READY.
    expect(events.find(({ text }) => text === 'gateway.ready')).toMatchObject({
      taken: ['shard.online.session.identifying on gateway.ready [0]'],
      active: expect.arrayContaining(['shard.online.session.ready', 'shard.online.heartbeat']) as string[],
    });
  });

  test('a new page receives the current shards and the kept log', async () => {
    await using kit = await inspectedShard();
    await kit.shard.connect();
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    const [welcome] = page.messages;
    if (welcome?.type !== 'welcome') throw new Error('the first message must be a welcome');

    expect(welcome).toMatchObject({
      type: 'welcome',
      payloads: false,
      shards: [{ key: '0', shardId: 0, shardCount: 1, state: 'ready' }],
    });
    expect(welcome.log.map(({ text }) => text)).toEqual([
      'disconnected → connecting',
      'connecting → identifying',
      'identifying → ready',
    ]);
    expect(page.detail).toMatchObject({
      chart: 'shard',
      states: ['disconnected', 'connecting', 'identifying', 'ready'].map((state) => ({ state })),
    });
  });

  test('a page receives the events of a shard only while the shard is selected', async () => {
    await using kit = await inspectedShard();
    const another = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      shardId: 1,
      shardCount: 2,
      url: kit.gateway.url,
      inspect: kit.inspector.inspect,
    });
    const page = await PageSocket.open(kit.inspector.url);
    for (const shard of ['0', String(another.shardId)]) {
      page.send({ type: 'select', shard });
      await page.until(() => page.detail?.key === shard);
    }
    await kit.shard.connect();
    kit.gateway.connections[0]!.terminate();
    await nextEvent(kit.shard, 'resumed');
    await page.until(() => page.log.some(({ text }) => text === 'resuming → ready'));

    expect(page.log.filter(({ kind }) => kind === 'event' || kind === 'heartbeat')).toEqual([]);
  });

  test('a shard that replaces one that has ended stays selected', async () => {
    await using kit = await inspectedShard();
    await kit.shard.connect();
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    await kit.shard.disconnect();
    await using again = await liveShard({ inspect: kit.inspector.inspect });
    await page.until(() => page.detail!.states.at(-1)!.state === 'disconnected' && page.detail!.states.length === 1);
    await again.shard.connect();
    await page.until(() => page.counts.get('identifying → ready') === 2);
    const { now } = page.messages.findLast((message) => message.type === 'detail')!;

    expect(page.log.filter(({ at, text }) => at >= now && text === 'gateway.ready').map(({ shard }) => shard)).toEqual([
      '0',
    ]);
  });

  test('no message contains the token, and payloads are sent only with the option payloads, redacted', async () => {
    for (const payloads of [false, true]) {
      await using kit = await inspectedShard({ payloads, redact: ({ d }) => ({ id: (d as { id: string }).id }) });
      const page = await PageSocket.open(kit.inspector.url);
      page.send({ type: 'select', shard: '0' });
      await page.until(() => page.detail !== undefined);
      await kit.shard.connect();
      kit.gateway.dispatch('MESSAGE_CREATE', { id: '77', content: 'my secret plan' });
      await kit.gateway.connections[0]!.waitFor(1);
      kit.gateway.connections[0]!.close(4000);
      await nextEvent(kit.shard, 'resumed');
      await page.until(() => page.log.some(({ text }) => text === 'resuming → ready'));
      const everything = JSON.stringify(page.messages);

      expect(everything).not.toContain(TOKEN);
      expect(everything).not.toContain('my secret plan');
      expect(page.log.filter(({ text }) => text === 'MESSAGE_CREATE').map(({ payload }) => payload)).toEqual(
        payloads ? [{ id: '77' }] : [],
      );
    }
  });

  test('a redact function that throws hides the payload and causes no fault', async () => {
    await using kit = await inspectedShard({
      payloads: true,
      redact: () => {
        throw new Error('not today');
      },
    });
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    await kit.shard.connect();
    await page.until(() => page.log.some(({ text }) => text === 'READY'));

    expect(page.log.find(({ text }) => text === 'READY')!.payload).toBe(
      '[not shown: redact threw or returned a value that is not JSON]',
    );
    expect(kit.events.faults).toEqual([]);
  });
});

describe('createInspector: access', () => {
  test('a foreign Host or Origin is refused, for the page and for its WebSocket', async () => {
    await using inspector = await createInspector();
    const live = `${inspector.url.replace('http', 'ws')}live`;

    expect((await get(inspector.url, { Host: 'evil.example' })).status).toBe(403);
    expect((await get(inspector.url, { Origin: 'https://evil.example' })).status).toBe(403);
    expect(await refusedStatus(live, { Host: 'evil.example' })).toBe(403);
    expect(await refusedStatus(live, { Origin: 'https://evil.example' })).toBe(403);
    expect(await refusedStatus(live, { Origin: 'http://127.0.0.1:1' })).toBe(403);
  });

  test('the page loads nothing from other hosts, and no path leads out of its folder', async () => {
    await using inspector = await createInspector();
    const page = await get(inspector.url);

    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    for (const path of [
      'nothing.js',
      '..%2f..%2fpackage.json',
      'tsconfig.json',
      'charts/../../package.json',
      'charts/nothing.svg',
    ]) {
      expect((await get(`${inspector.url}${path}`)).status).toBe(404);
    }
    expect((await get(`${inspector.url}charts/shard.svg`)).body).toContain('data-state="shard.online"');
  });

  test('more pages than maxPages are refused', async () => {
    await using inspector = await createInspector({ maxPages: 1 });
    const page = await PageSocket.open(inspector.url);

    expect(await refusedStatus(`${inspector.url.replace('http', 'ws')}live`, {})).toBe(503);
    page.socket.close();
  });

  test.each([
    ['text that is not JSON', 'hello'],
    ['half a message', '{"type":"select"}'],
    ['a command for a shard', '{"type":"shard.disconnect"}'],
    ['a list', '[]'],
    ['too many bytes', 'x'.repeat(2_000)],
  ])('a page that sends %s is closed', async (_, text) => {
    await using kit = await inspectedShard();
    await kit.shard.connect();
    const page = await PageSocket.open(kit.inspector.url);
    page.socket.send(text);
    const [code] = (await once(page.socket, 'close')) as [number];

    expect([1008, 1009]).toContain(code);
    expect(kit.shard.state).toBe('ready');
  });
});

describe('createInspector: isolation from shards', () => {
  test('a shard keeps running when the inspector closes', async () => {
    await using kit = await inspectedShard();
    const page = await PageSocket.open(kit.inspector.url);
    page.send({ type: 'select', shard: '0' });
    await kit.shard.connect();
    await kit.inspector.close();
    await once(page.socket, 'close');
    kit.gateway.connections[0]!.terminate();
    await nextEvent(kit.shard, 'resumed');
    await reaches(kit.shard, 'ready');

    expect(kit.events.faults).toEqual([]);
  });

  test('a page that does not read is closed, and a page that reads misses nothing', async () => {
    await using kit = await inspectedShard({ payloads: true });
    const stalled = await PageSocket.open(kit.inspector.url);
    const page = await PageSocket.open(kit.inspector.url);
    for (const each of [stalled, page]) each.send({ type: 'select', shard: '0' });
    await page.until(() => page.detail !== undefined);
    await kit.shard.connect();
    stalled.socket.pause();
    // Far more than the buffers of both ends and of the system can hold.
    for (let round = 1; round <= 5; round += 1) {
      for (let index = 0; index < 300; index += 1)
        kit.gateway.dispatch('MESSAGE_CREATE', { id: String(index), content: 'x'.repeat(15_000) });
      kit.gateway.dispatch('TYPING_START', { round });
      await page.until(() => page.counts.get('TYPING_START') === round);
    }
    const closed = once(stalled.socket, 'close') as Promise<[number]>;
    stalled.socket.resume();

    expect((await closed)[0]).toBe(1006);
    expect(page.counts.get('MESSAGE_CREATE')).toBe(5 * 300);
    expect(kit.shard.state).toBe('ready');
  });

  test('an open page does not keep the process alive', async () => {
    const source = `
      import { once } from 'node:events';
      import { connect } from 'node:net';
      import { createInspector } from '${new URL('../../src/inspect/index.ts', import.meta.url).href}';
      import { Shard } from '${new URL('../../src/index.ts', import.meta.url).href}';
      const inspector = await createInspector();
      new Shard({ token: 'x', intents: 0, inspect: inspector.inspect });
      const page = connect(Number(new URL(inspector.url).port), '127.0.0.1');
      page.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n');
      await once(page, 'data');
      page.unref();
      console.log('shown');
    `;
    const child = promisify(execFile)(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      source,
    ]);

    expect((await child).stdout).toBe('shown\n');
  });
});
