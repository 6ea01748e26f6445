/**
 * What the README says of @discordjs/ws, tried with the real package: its time is virtual, its sockets are real. If one
 * of these tests fails after an update of the package, the row of the README has to change.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { REST } from '@discordjs/rest';
import { WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import type { OptionalWebSocketManagerOptions, SessionInfo } from '@discordjs/ws';
import { GatewayOpcodes } from 'discord-api-types/v10';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { Shard } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeConnection } from '../../src/testing/index.ts';
import { connected, writtenRecording } from '../recorder/kit/written-recording.ts';
import { TOKEN } from './conformance.ts';

/** Turns of the event loop in which a frame gets from one end of a socket to the other, and its answer back. */
const TURNS = 20;

/** The gateway's clock: the virtual time of the client. */
const clock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1000);
    await settle();
  }
}

/** Also for the modules that @discordjs/ws takes its timers from. */
function useVirtualTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  vi.spyOn(timers, 'setTimeout').mockImplementation(globalThis.setTimeout);
  vi.spyOn(timers, 'clearTimeout').mockImplementation(globalThis.clearTimeout);
  vi.spyOn(timers, 'setInterval').mockImplementation(globalThis.setInterval);
  vi.spyOn(timers, 'clearInterval').mockImplementation(globalThis.clearInterval);
  vi.spyOn(timersPromises, 'setTimeout').mockImplementation(
    (delayMs, value, options) =>
      new Promise((resolve, reject) => {
        setTimeout(() => resolve(value), delayMs);
        options?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      }),
  );
  syncBuiltinESMExports();
}

/** A connection on which nothing arrives after its first heartbeat, and the RESUME that follows. */
const zombieRecording = (): Promise<string> =>
  writtenRecording([
    ...connected(0),
    { kind: 'frame', at: 20_000, shard: 0, direction: 'out', op: 1, bytes: 15 },
    { kind: 'state', at: 61_250, shard: 0, from: 'ready', to: 'zombie' },
    {
      kind: 'disconnected',
      at: 61_250,
      shard: 0,
      code: null,
      reason: 'x',
      initiator: 'shard',
      willReconnect: true,
      willResume: true,
    },
    ...connected(62_000, { resumes: true }),
  ]);

describe('@discordjs/ws 2', () => {
  let gateway: FakeGateway;
  let manager: WebSocketManager;

  beforeEach(async () => {
    useVirtualTime();
    gateway = await FakeGateway.listen({ token: TOKEN, clock });
  });

  afterEach(async () => {
    await gateway.close();
    // The client waits before its next attempt, in virtual time, which ends here.
    await settle();
    vi.useRealTimers();
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  function start(options: Partial<OptionalWebSocketManagerOptions> = {}): Promise<void> {
    manager = new WebSocketManager({
      token: TOKEN,
      intents: 1,
      rest: new REST({ api: gateway.apiUrl.replace('/v10', ''), version: '10' }).setToken(TOKEN),
      ...options,
    });
    manager.on(WebSocketShardEvents.Error, () => undefined);
    return manager.connect();
  }

  async function ready(options?: Partial<OptionalWebSocketManagerOptions>): Promise<FakeConnection> {
    const started = start(options);
    await pass(10);
    await started;
    return gateway.history[0]!;
  }

  test('opens no socket for 30 s while its close frame to a zombie is unanswered', async () => {
    const connection = await ready();
    connection.holdAcks();
    connection.ignoreCloses();
    let closingFor: number | null = null;
    for (let second = 0; second < 150 && gateway.history.length === 1; second += 1) {
      await pass(1);
      if (connection.closedWith !== null) closingFor = (closingFor ?? 0) + 1;
    }
    expect(gateway.history).toHaveLength(2);
    expect(closingFor).toBeGreaterThanOrEqual(30);
  });

  test('needs 30 s more than shardwright to leave the zombie of a recording', async () => {
    const path = await zombieRecording();
    await gateway.close();
    /** Seconds from the close frame or the reset until there is another socket. */
    const secondsAway = async (connect: (url: string) => Promise<unknown>): Promise<number> => {
      gateway = await FakeGateway.replay(path, { token: TOKEN, clock });
      void connect(gateway.url);
      for (let second = 0; second < 60 && gateway.stats.identifies === 0; second += 1) await pass(1);
      let away = 0;
      for (let second = 0; second < 200 && gateway.history.length < 2; second += 1) {
        await pass(1);
        if (gateway.history[0]!.closedWith !== null || !gateway.history[0]!.isOpen) away += 1;
      }
      return away;
    };
    const theirs = await secondsAway(() => start());
    expect(gateway.history).toHaveLength(2);
    await gateway.close();
    const shards: Shard[] = [];
    const ours = await secondsAway((url) => {
      shards.push(new Shard({ token: TOKEN, intents: 1, url, clock }));
      return shards[0]!.connect();
    });
    expect(gateway.history).toHaveLength(2);
    void shards[0]!.disconnect();
    await pass(6);
    expect(shards[0]!.state).toBe('disconnected');
    expect(theirs - ours).toBeGreaterThanOrEqual(28);
  });

  test('waits for the answer to RESUME without a limit', async () => {
    const connection = await ready();
    gateway.holdResumed();
    connection.terminate();
    await pass(1800);
    expect(gateway.history).toHaveLength(2);
    expect(gateway.history[1]!.isOpen).toBe(true);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('uses a session start about every 15 s while IDENTIFY is not answered', async () => {
    gateway.holdReady();
    void start();
    await pass(300);
    expect(gateway.stats.identifies).toBeGreaterThanOrEqual(18);
  });

  test('sends more than 120 of 200 payloads within 12 s, so that the gateway closes with 4008', async () => {
    await ready();
    await pass(46);
    for (let n = 0; n < 200; n += 1)
      void manager.send(0, {
        op: GatewayOpcodes.VoiceStateUpdate,
        d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false },
      });
    await pass(12);
    expect(gateway.stats.violations[0]).toMatchObject({ code: 4008 });
  });

  test('delivers dispatches out of order when its session store takes longer for one of them', async () => {
    let session: SessionInfo | null = null;
    const order: number[] = [];
    const early: number[] = [];
    const recorded = (sequence: number): boolean => order.includes(sequence);
    await ready({
      retrieveSessionInfo: () => session,
      async updateSessionInfo(_id, info) {
        session = info;
        if (info === null) return;
        if (!recorded(info.sequence)) early.push(info.sequence);
        if (info.sequence === 2) await new Promise((resolve) => setTimeout(resolve, 100));
      },
    });
    manager.on(WebSocketShardEvents.Dispatch, ({ s }) => order.push(s));
    gateway.dispatch('TYPING_START', { n: 2 });
    gateway.dispatch('TYPING_START', { n: 3 });
    await pass(1);
    expect(order.slice(-2)).toEqual([3, 2]);
    expect(early).toEqual([1, 2, 3]);
  });

  test('ends every session before it changes the number of shards', async () => {
    const connection = await ready();
    await manager.updateShardCount(2);
    expect(connection.closedWith).toMatchObject({ code: 1000 });
    expect(gateway.connections).toEqual([]);
    const started = manager.connect();
    await pass(10);
    await started;
    expect(gateway.stats).toMatchObject({ identifies: 3, resumes: 0 });
  });

  test('says what a connection does in debug messages', async () => {
    const messages: string[] = [];
    const started = start();
    manager.on(WebSocketShardEvents.Debug, (message) => messages.push(message));
    await pass(10);
    await started;
    expect(messages).toContainEqual(expect.stringContaining('Identifying'));
  });
});
