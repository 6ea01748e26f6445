/**
 * What `@discordjs/ws` promises its owner, and what its owner may do: the same tests for the real WebSocketManager of
 * version 1 and 2.
 */
import { REST } from '@discordjs/rest';
import { describe, expect, test } from 'vitest';
import { shardingStrategy } from '../../src/discordjs/index.ts';
import type { SessionInfo, ShardingStrategyOptions, ShardwrightStrategy } from '../../src/discordjs/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeGatewayOptions } from '../../src/testing/index.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import { quickGate } from './live-manager.ts';
import { QUICK } from './timing.ts';
import { TOKEN } from './virtual-shard.ts';

/** The part of a WebSocketManager that its owner uses, in either version. */
export interface TestedWs {
  connect(): Promise<void>;
  destroy(options?: { code?: number; reason?: string }): Promise<void>;
  send(shardId: number, payload: unknown): Promise<void>;
  updateShardCount(count: number): Promise<unknown>;
  fetchStatus(): Promise<ReadonlyMap<number, number>>;
}

export interface TestedWsOptions {
  readonly token: string;
  readonly intents: number;
  readonly rest: REST;
  readonly buildStrategy: ReturnType<typeof shardingStrategy>;
  readonly [name: string]: unknown;
}

export type WsListener = (value: unknown, shardId: number) => void;

export interface WsVersion {
  create(options: TestedWsOptions): TestedWs;
  /** Adds a listener that gets the value of an event in a form that both versions have. */
  on(ws: TestedWs, name: string, listener: WsListener): void;
}

const EVENTS = ['closed', 'debug', 'dispatch', 'error', 'heartbeat', 'hello', 'ready', 'resumed'];

interface Setup {
  readonly strategy?: ShardingStrategyOptions;
  readonly ws?: Readonly<Record<string, unknown>>;
  readonly gateway?: FakeGatewayOptions;
}

type Emitted = readonly [name: string, value: unknown, shardId: number];
type Waiter = { readonly matches: (emitted: Emitted) => boolean; readonly resolve: (emitted: Emitted) => void };

const typeOf = (value: unknown): unknown => (value as { t?: unknown } | undefined)?.t;

async function liveWs(version: WsVersion, setup: Setup = {}) {
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    heartbeatIntervalMs: 1_000,
    identifyIntervalMs: 0,
    sessionStartLimit: { maxConcurrency: 16 },
    strict: true,
    ...setup.gateway,
  });
  const strategies: ShardwrightStrategy[] = [];
  const build = shardingStrategy({ timing: QUICK, ...setup.strategy });
  const emitted: Emitted[] = [];
  const waiters = new Set<Waiter>();
  // By default both versions keep the sessions of all managers of a process in one place.
  const hooks = storeInMemory();
  const start = () => {
    const ws = version.create({
      token: TOKEN,
      intents: 1,
      rest: new REST({ api: gateway.apiUrl.replace('/v10', ''), version: '10', retries: 0 }).setToken(TOKEN),
      ...hooks,
      ...setup.ws,
      buildStrategy: (manager) => {
        const strategy = build(manager);
        strategies.push(strategy);
        return strategy;
      },
    });
    for (const name of EVENTS)
      version.on(ws, name, (value, shardId) => {
        const event: Emitted = [name, value, shardId];
        emitted.push(event);
        for (const waiter of waiters) if (waiter.matches(event) && waiters.delete(waiter)) waiter.resolve(event);
      });
    return ws;
  };
  return {
    gateway,
    ws: start(),
    /** Creates another WebSocketManager with the same options, as a second process would. */
    start,
    emitted,
    get strategy() {
      return strategies.at(-1)!;
    },
    /** Returns the names of the events other than debug, dispatches by their type. */
    get names(): unknown[] {
      return emitted
        .filter(([name]) => name !== 'debug' && name !== 'heartbeat')
        .map(([name, value]) => (name === 'dispatch' ? typeOf(value) : name));
    },
    next: (matches: (emitted: Emitted) => boolean): Promise<Emitted> =>
      new Promise((resolve) => waiters.add({ matches, resolve })),
    async [Symbol.asyncDispose]() {
      for (const { manager } of strategies) await manager.disconnect();
      await gateway.close();
      expectNoViolations(gateway.complaints, []);
    },
  };
}

/** Session hooks as discord.js has them. */
function storeInMemory() {
  const sessions = new Map<number, SessionInfo | null>();
  return {
    sessions,
    retrieveSessionInfo: (shardId: number) => sessions.get(shardId) ?? null,
    updateSessionInfo: (shardId: number, session: SessionInfo | null) => void sessions.set(shardId, session),
  };
}

const named =
  (name: string) =>
  ([emittedName]: Emitted): boolean =>
    emittedName === name;

export function describeStrategy(title: string, version: WsVersion): void {
  describe(`shardingStrategy() with the WebSocketManager of ${title}`, () => {
    test('emits Ready and Resumed before their dispatch, after Hello', async () => {
      await using kit = await liveWs(version);
      await kit.ws.connect();
      const resumed = kit.next(([, value]) => typeOf(value) === 'RESUMED');
      kit.gateway.connections[0]!.terminate();
      await resumed;

      expect(kit.names).toEqual(['hello', 'ready', 'READY', 'closed', 'hello', 'resumed', 'RESUMED']);
      expect(kit.emitted.filter(([name]) => name !== 'debug').map(([, , shardId]) => shardId)).not.toContain(undefined);
      expect(kit.emitted.find(named('ready'))?.[1]).toMatchObject({ v: 10, shard: [0, 1] });
      expect(kit.emitted.find(named('closed'))?.[1]).toBe(1006);
    });

    test('has called updateSessionInfo() before Hello, Ready and Resumed, with a sequence that was delivered', async () => {
      const hooks = storeInMemory();
      await using kit = await liveWs(version, { ws: hooks });
      const seen: unknown[] = [];
      for (const name of ['hello', 'ready', 'resumed'])
        version.on(kit.ws, name, (_, shardId) => seen.push([name, hooks.sessions.get(shardId)?.sequence ?? null]));
      await kit.ws.connect();
      kit.gateway.dispatch('TYPING_START', { channel_id: '1' });
      await kit.next(([, value]) => typeOf(value) === 'TYPING_START');
      const resumed = kit.next(named('resumed'));
      kit.gateway.connections[0]!.terminate();
      kit.gateway.dispatch('TYPING_START', { channel_id: '1' });
      await resumed;

      // READY, two dispatches, RESUMED.
      expect(seen).toEqual([
        ['hello', null],
        ['ready', 1],
        ['hello', 2],
        ['resumed', 4],
      ]);
    });

    test('a heartbeat says when it was sent and acknowledged', async () => {
      await using kit = await liveWs(version, { gateway: { heartbeatIntervalMs: 60_000 } });
      await kit.ws.connect();
      const beat = kit.next(named('heartbeat'));
      const latency = await kit.strategy.manager.shards.get(0)!.heartbeat();
      const [, value] = await beat;
      const { ackAt, heartbeatAt } = value as { ackAt: number; heartbeatAt: number };

      expect(value).toMatchObject({ latency });
      expect(ackAt - heartbeatAt).toBeCloseTo(latency);
    });

    test('keeps sessions in the hooks, and resumes what they return', async () => {
      await using kit = await liveWs(version, { strategy: { keepSession: true } });
      await kit.ws.connect();
      await kit.ws.destroy({ code: 1000 });
      expect(kit.gateway.history[0]?.closedWith).toMatchObject({ code: 4000 });
      await kit.start().connect();

      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('destroy() before the first spawn() does not end a stored session', async () => {
      const hooks = storeInMemory();
      await using kit = await liveWs(version, { ws: hooks });
      await kit.ws.connect();
      const stored = hooks.sessions.get(0)!;
      await kit.strategy.manager.disconnect();
      const next = kit.start();
      hooks.sessions.set(0, stored);
      expect(kit.strategy.manager.state).toBe('stopped');
      await next.destroy();
      await next.connect();

      expect(kit.gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
    });

    test('destroy() ends the session by default, and clears it in the hooks', async () => {
      const hooks = storeInMemory();
      await using kit = await liveWs(version, { ws: hooks });
      await kit.ws.connect();
      await kit.ws.destroy({ reason: 'the end' });

      expect(kit.gateway.history[0]?.closedWith).toEqual({ code: 1000, reason: 'the end' });
      expect(hooks.sessions.get(0)).toBe(null);
    });

    test('reports hooks that throw or reject, and connects without a stored session', async () => {
      const cause = new Error('the database is gone');
      await using kit = await liveWs(version, {
        ws: {
          retrieveSessionInfo: () => {
            throw cause;
          },
          updateSessionInfo: () => Promise.reject(cause),
        },
      });
      await kit.ws.connect();

      expect(kit.names).toContain('READY');
      const errors = kit.emitted.filter(named('error')).map(([, error]) => error as { code: string; cause: unknown });
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['SESSION_STORE_FAILED']));
      expect(errors.map((error) => error.cause)).toContain(cause);
    });

    test('a throttler of the owner decides when a shard identifies, and is built once', async () => {
      const asked: number[] = [];
      let built = 0;
      await using kit = await liveWs(version, {
        ws: {
          shardCount: 2,
          buildIdentifyThrottler: async () => {
            built += 1;
            return { waitForIdentify: async (shardId: number) => void asked.push(shardId) };
          },
        },
        gateway: { shards: 2 },
      });
      await kit.ws.connect();

      expect(asked.toSorted((a, b) => a - b)).toEqual([0, 1]);
      expect(built).toBe(1);
      expect(kit.strategy.manager.status().budget).toBe(null);
    });

    test('without one, the budget of GET /gateway/bot is kept', async () => {
      await using kit = await liveWs(version, { gateway: { sessionStartLimit: { remaining: 7 } } });
      await kit.ws.connect();

      expect(kit.strategy.manager.status().budget).toMatchObject({ remaining: 6 });
    });

    test('connect() rejects when the owner could not build its throttler in time, and names the cause', async () => {
      const cause = new Error('no queue');
      await using kit = await liveWs(version, { ws: { buildIdentifyThrottler: () => Promise.reject(cause) } });
      const failed = kit.next(named('error'));
      const connecting = kit.ws.connect().catch((error: unknown) => error);
      expect((await failed)[1]).toMatchObject({ code: 'IDENTIFY_REFUSED' });
      await kit.ws.destroy();

      expect(await connecting).toMatchObject({ code: 'STOPPED' });
    });

    test('updateShardCount() replaces the shards of a manager that is connected', async () => {
      await using kit = await liveWs(version, { strategy: { identifyGate: quickGate() } });
      await kit.ws.connect();
      await kit.ws.updateShardCount(2);
      await kit.ws.connect();

      expect([...(await kit.ws.fetchStatus())]).toEqual([
        [0, 3],
        [1, 3],
      ]);
      expect(kit.gateway.connections.map(({ shard }) => shard)).toEqual([
        [0, 2],
        [1, 2],
      ]);
    });

    test('updateShardCount() with explicit shard ids replaces the manager', async () => {
      await using kit = await liveWs(version, {
        strategy: { identifyGate: quickGate() },
        ws: { shardIds: { start: 0, end: 1 }, shardCount: 2 },
        gateway: { shards: 2 },
      });
      await kit.ws.connect();
      const { manager } = kit.strategy;
      await kit.ws.updateShardCount(4);
      await kit.ws.connect();

      expect(manager.state).toBe('stopped');
      expect(kit.strategy.manager.total).toBe(4);
      expect([...kit.strategy.manager.shards.keys()]).toEqual([0, 1]);
    });

    test('reshard() of the manager is refused, because discord.js keeps its shards', async () => {
      await using kit = await liveWs(version);
      await kit.ws.connect();

      await expect(kit.strategy.manager.reshard(2)).rejects.toMatchObject({ code: 'RESHARD_REFUSED' });
    });

    test('send() that the owner ignores may reject: the error is emitted', async () => {
      await using kit = await liveWs(version);
      await kit.ws.connect();
      const failed = kit.next(named('error'));
      void kit.ws.send(0, { op: 3, d: { status: 'nowhere' } });

      expect((await failed).slice(1)).toMatchObject([{ code: 'INVALID_PAYLOAD' }, 0]);
    });

    test('send() rejects for the owner who awaits it', async () => {
      await using kit = await liveWs(version);
      await kit.ws.connect();

      await expect(kit.ws.send(7, { op: 3, d: {} })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    });

    test('fetchStatus() returns a Collection with the status of each shard', async () => {
      await using kit = await liveWs(version);
      await kit.ws.connect();
      const ready = await kit.ws.fetchStatus();
      await kit.ws.destroy();

      expect(ready.constructor.name).toBe('Collection');
      expect([...ready]).toEqual([[0, 3]]);
      expect([...(await kit.ws.fetchStatus())]).toEqual([[0, 0]]);
    });

    test('identifies with the properties that the owner has changed', async () => {
      const defaults = { browser: '@discordjs/ws 1.2.3', device: '@discordjs/ws 1.2.3', os: 'linux' };
      await using kit = await liveWs(version, {
        ws: { identifyProperties: { ...defaults, browser: 'Discord iOS' }, largeThreshold: 100 },
      });
      await kit.ws.connect();
      const identify = kit.gateway.connections[0]?.received.find(({ op }) => op === 2);

      expect(identify?.d).toMatchObject({
        properties: { browser: 'Discord iOS', device: 'shardwright', os: 'linux' },
        large_threshold: 100,
      });
    });

    test('the option events keeps the dispatches that the Client needs', async () => {
      await using kit = await liveWs(version, {
        strategy: { events: ['MESSAGE_CREATE'] },
        gateway: { readyGuilds: 1 },
      });
      await kit.ws.connect();
      const arrived = kit.next(([, value]) => typeOf(value) === 'MESSAGE_CREATE');
      kit.gateway.dispatch('TYPING_START', { channel_id: '1' });
      kit.gateway.dispatch('MESSAGE_CREATE', { id: '1' });
      await arrived;

      expect(kit.names).toEqual(['hello', 'ready', 'READY', 'GUILD_CREATE', 'MESSAGE_CREATE']);
    });
  });
}
