import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordKind } from '../../src/recorder/format/index.ts';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { ShardRecorder } from '../../src/recorder/shard-recorder.ts';
import { liveManager, nextEvent as nextManagerEvent } from '../kit/live-manager.ts';
import { liveShard, nextEvent, reaches } from '../kit/live-shard.ts';
import { SECRET_CONTENT, SECRET_TOKEN } from '../kit/inspected-scenario.ts';
import { bytesIn, ofKind, recordsIn } from './kit/recording.ts';

/** A scheduled heartbeat that meets one that a test asks for is a violation to the oracle. */
const RARE_HEARTBEATS = { heartbeatIntervalMs: 30_000 };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shardwright-recorder-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('FlightRecorder', () => {
  test('records states, steps, frames, the session and the end of a shard', async () => {
    const recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveShard({ inspect: recorder }, RARE_HEARTBEATS);
      await kit.shard.connect();
      await kit.shard.heartbeat();
    }
    await recorder.close();
    const records = await recordsIn(directory);
    expect(records[0]).toMatchObject({ kind: 'header', segment: 1, shards: [], isRedacted: true });
    expect(ofKind(records, 'state').map(({ from, to }) => `${from} → ${to}`)).toEqual([
      'disconnected → connecting',
      'connecting → identifying',
      'identifying → ready',
      'ready → disconnecting',
      'disconnecting → disconnected',
    ]);
    expect(ofKind(records, 'frame').map(({ direction, op, t }) => `${direction} ${op} ${t ?? ''}`.trim())).toEqual([
      'in 10',
      'out 2',
      'in 0 READY',
      'out 1',
      'in 11',
    ]);
    expect(ofKind(records, 'step').map(({ event }) => event)).toEqual(
      expect.arrayContaining(['shard.connectWith', 'gateway.hello', 'gateway.ready', 'shard.disconnect']),
    );
    expect(ofKind(records, 'identify').map(({ event }) => event)).toEqual(['granted', 'sent']);
    expect(ofKind(records, 'heartbeat')).toHaveLength(1);
    expect(ofKind(records, 'ready')).toMatchObject([{ sessionId: null }]);
    expect(ofKind(records, 'shard')).toMatchObject([
      { shard: 0, shardCount: 1, state: 'disconnected', options: { intents: 1, compression: 'zlib-stream' } },
    ]);
    expect(records.at(-1)).toMatchObject({ kind: 'end', reason: 'closed' });
  });

  test('counts dispatches by kind, with their size and their sequences', async () => {
    const recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveShard({ inspect: recorder }, RARE_HEARTBEATS);
      await kit.shard.connect();
      for (let index = 0; index < 20; index += 1) kit.gateway.dispatch('MESSAGE_CREATE', { id: String(index) });
      kit.gateway.dispatch('TYPING_START', {});
      await kit.shard.heartbeat();
    }
    await recorder.close();
    const counts = ofKind(await recordsIn(directory), 'dispatches');
    const messages = counts.flatMap(({ kinds }) => kinds?.get('MESSAGE_CREATE') ?? []);
    expect(messages.reduce((sum, { count }) => sum + count, 0)).toBe(20);
    expect(messages.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(20 * 40);
    expect([counts[0]?.firstS, counts.at(-1)?.lastS]).toEqual([2, 22]);
  });

  test('records who closed, with which code, and how the session went on', async () => {
    const recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveShard({ inspect: recorder });
      await kit.shard.connect();
      const resumed = nextEvent(kit.shard, 'resumed');
      kit.gateway.connections[0]!.close(4000, SECRET_CONTENT);
      await resumed;
    }
    await recorder.close();
    const records = await recordsIn(directory);
    expect(ofKind(records, 'disconnected')[0]).toMatchObject({
      code: 4000,
      reason: 'unknown error',
      initiator: 'gateway',
      willReconnect: true,
      willResume: true,
    });
    expect(ofKind(records, 'resumed')).toMatchObject([{ replayed: 0 }]);
  });

  test('contains neither the token, nor the session id, nor a word of a message, over faults of every kind', async () => {
    const recorder = new FlightRecorder({ directory });
    const secrets = [SECRET_TOKEN, SECRET_CONTENT];
    {
      await using kit = await liveShard({ inspect: recorder, token: SECRET_TOKEN }, { token: SECRET_TOKEN });
      await kit.shard.connect();
      const { sessionId } = kit.shard.session!;
      secrets.push(sessionId);
      kit.shard.onDispatch('MESSAGE_CREATE', ({ content }) => {
        throw new Error(`can't handle ${content}`);
      });
      const threw = nextEvent(kit.shard, 'fault');
      kit.gateway.dispatch('MESSAGE_CREATE', { content: SECRET_CONTENT });
      await threw;
      const faults = [
        () => kit.gateway.connections.at(-1)!.close(4000, `${SECRET_CONTENT} ${SECRET_TOKEN} ${sessionId}`),
        () =>
          kit.gateway.connections
            .at(-1)!
            .sendRaw(`{"t":"MESSAGE_CREATE","s":9,"op":0,"d":{"content":"${SECRET_CONTENT}`),
        () => kit.gateway.connections.at(-1)!.terminate(),
      ];
      for (const inject of faults) {
        const resumed = nextEvent(kit.shard, 'resumed');
        inject();
        await resumed;
      }
      const ready = nextEvent(kit.shard, 'ready');
      kit.gateway.connections.at(-1)!.invalidateSession(false);
      await ready;
      secrets.push(kit.shard.session!.sessionId);
    }
    await recorder.close();
    const bytes = await bytesIn(directory);
    for (const secret of secrets) expect(bytes).not.toContain(secret);
    expect(ofKind(await recordsIn(directory), 'disconnected').length).toBeGreaterThanOrEqual(5);
  });

  test('keeps session ids with redact: false, and the token all the same not', async () => {
    const recorder = new FlightRecorder({ directory, redact: false });
    let sessionId = '';
    {
      await using kit = await liveShard({ inspect: recorder });
      await kit.shard.connect();
      ({ sessionId } = kit.shard.session!);
    }
    await recorder.close();
    expect(ofKind(await recordsIn(directory), 'ready')).toMatchObject([{ sessionId }]);
  });

  test.each([0, 1])('records all shards of a manager with %i workers', async (workers) => {
    const recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveManager({ inspect: recorder, shards: 2, workers }, RARE_HEARTBEATS);
      await kit.manager.connect();
      const resumed = new Promise<number>((resolve) => kit.manager.on('resumed', (_, shardId) => resolve(shardId)));
      kit.gateway.connections.find(({ shard }) => shard?.[0] === 1)!.terminate();
      expect(await resumed).toBe(1);
      for (let index = 0; index < 20; index += 1) kit.gateway.dispatch('MESSAGE_CREATE', {}, { shardId: 0 });
      await kit.manager.shards.get(0)!.heartbeat();
    }
    await recorder.close();
    const records = await recordsIn(directory);
    const framesOf = (shard: number): string[] =>
      ofKind(records, 'frame')
        .filter((frame) => frame.shard === shard && frame.op !== 1 && frame.op !== 11)
        .map(({ direction, op, t }) => `${direction} ${op} ${t ?? ''}`.trim());
    expect(framesOf(0)).toEqual(['in 10', 'out 2', 'in 0 READY']);
    expect(framesOf(1)).toEqual([...framesOf(0), 'in 10', 'out 6', 'in 0 RESUMED']);
    const messages = ofKind(records, 'dispatches').flatMap(({ kinds }) => kinds?.get('MESSAGE_CREATE') ?? []);
    expect(messages.reduce((sum, { count }) => sum + count, 0)).toBe(20);
    expect(ofKind(records, 'managerState').map(({ to }) => to)).toEqual(
      expect.arrayContaining(['starting', 'running', 'stopped']),
    );
    const reached = (shard: number, state: string): number =>
      ofKind(records, 'state').filter((record) => record.shard === shard && record.to === state).length;
    expect([reached(0, 'ready'), reached(1, 'ready')]).toEqual([1, 2]);
    expect(ofKind(records, 'disconnected').filter(({ shard }) => shard === 1)[0]).toMatchObject({
      initiator: 'transport',
      willResume: true,
    });
  });

  test.each([0, 1])('records the way through the chart of all shards of a manager with %i workers', async (workers) => {
    const recorder = new FlightRecorder({ directory });
    const secrets = [SECRET_TOKEN];
    {
      await using kit = await liveManager(
        { inspect: recorder, shards: 2, workers, token: SECRET_TOKEN },
        { token: SECRET_TOKEN, ...RARE_HEARTBEATS },
      );
      await kit.manager.connect();
      for (const shard of kit.manager.shards.values()) {
        secrets.push(shard.session!.sessionId);
        await shard.requestSoundboardSounds(['1']);
      }
      const resumed = nextManagerEvent(kit.manager, 'resumed');
      kit.gateway.connections.find(({ shard }) => shard?.[0] === 1)!.close(4000, SECRET_TOKEN);
      await resumed;
    }
    await recorder.close();
    const bytes = await bytesIn(directory);
    for (const secret of secrets) expect(bytes).not.toContain(secret);
    const records = await recordsIn(directory);
    const ofShard = <Kind extends RecordKind>(kind: Kind, shard: number) =>
      ofKind(records, kind).filter((record) => record.shard === shard);
    const wayOf = (shard: number): string[] => {
      // The first heartbeat comes at a random time.
      const steps = ofShard('step', shard)
        .flatMap(({ taken }) => taken)
        .filter((id) => !id.startsWith('shard.online.heartbeat'));
      // What comes before depends on where the session is loaded from.
      return steps.slice(steps.indexOf('shard.online.session.connecting.opening on socket.opened [0]'));
    };
    const identified = [
      'shard.online.session.connecting.opening on socket.opened [0]',
      'shard.online.session.connecting on gateway.hello [2]',
      'shard.online.session.identifying.queued on identify.granted [0]',
      'shard.online.session.identifying on gateway.ready [0]',
    ];
    const closed = ['shard.online on shard.disconnect [0]', 'shard.disconnecting on socket.closeCompleted [1]'];
    expect(wayOf(0)).toEqual([...identified, ...closed]);
    expect(wayOf(1)).toEqual([
      ...identified,
      'shard.online on socket.closed [1]',
      'shard.lost always [0]',
      'shard.reconnecting after reconnectDelay [0]',
      'shard.online.session.connecting.opening on socket.opened [0]',
      'shard.online.session.connecting on gateway.hello [1]',
      'shard.online.session.resuming on gateway.resumed [0]',
      ...closed,
    ]);
    for (const shard of [0, 1]) {
      expect(ofShard('step', shard).at(-1)?.active).toEqual(['shard.disconnected']);
      expect(ofShard('step', shard).every(({ delayMs }) => (delayMs === null) === (workers === 0))).toBe(true);
      expect(ofShard('send', shard)).toMatchObject([{ event: 'sent', payload: 'command', pending: 0 }]);
      expect(ofShard('identify', shard).map(({ event }) => event)).toEqual(['granted', 'sent']);
    }
  });

  test('knows for later headers which states of a shard in a thread are active, once its thread has said it', async () => {
    const inspect = { next: () => undefined, attachManager: () => undefined };
    await using kit = await liveManager({ inspect, shards: 1, workers: 1 });
    await kit.manager.connect();
    const shard = kit.manager.shards.get(0)!;
    const recorder = new ShardRecorder(shard, { write: () => undefined, isRedacted: true, onStopped: () => undefined });
    expect(recorder.facts).toMatchObject({ state: 'ready', worker: 0, active: null });
    await shard.heartbeat();
    expect(recorder.facts.active).toContain('shard.online.session.ready');
    recorder.close();
  });

  test('can be one of several observers, and others can throw', async () => {
    const recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveShard({
        inspect: [
          () => {
            throw new Error('an observer of the user');
          },
          recorder,
        ],
      });
      await kit.shard.connect();
    }
    await recorder.close();
    expect(ofKind(await recordsIn(directory), 'ready')).toHaveLength(1);
  });

  test('writes after a disconnect, without close()', async () => {
    await using recorder = new FlightRecorder({ directory });
    {
      await using kit = await liveShard({ inspect: recorder });
      await kit.shard.connect();
      const ended = reaches(kit.shard, 'disconnected');
      await kit.shard.disconnect();
      await ended;
    }
    await recorder.flush();
    expect(ofKind(await recordsIn(directory), 'state').at(-1)).toMatchObject({ to: 'disconnected' });
  });

  test('records nothing after close()', async () => {
    const recorder = new FlightRecorder({ directory });
    await using kit = await liveShard({ inspect: recorder });
    await kit.shard.connect();
    await recorder.close();
    const before = await bytesIn(directory);
    await kit.shard.reconnect();
    await recorder.flush();
    await recorder.close();
    expect(await bytesIn(directory)).toBe(before);
    expect(await readdir(directory)).toHaveLength(1);
  });

  test.each([
    [{ directory: '' }, 'directory must be the path of a directory'],
    [{ directory: 'x', maxBytes: 1_000 }, 'maxBytes must be an integer of at least 262144'],
    [{ directory: 'x', redact: 'no' as unknown as boolean }, 'redact must be a boolean'],
  ])('throws INVALID_OPTIONS for %o', (options, message) => {
    expect(() => new FlightRecorder(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message }) as Error,
    );
  });
});
