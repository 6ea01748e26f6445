/** A shard observed by the real server and the real receiver of @xstate/inspect, which run on XState 4. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createWebSocketReceiver } from '@xstate/inspect';
import type { ParsedReceiverEvent } from '@xstate/inspect';
import { inspect } from '@xstate/inspect/lib/server.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { shardDelays, shardState } from '../../machines/index.ts';
import type { ShardState } from '../../machines/index.ts';
import { registerWithXStateInspect } from '../../src/inspect/xstate4/index.ts';
import { SCENARIO, SECRET_CONTENT, SECRET_TOKEN, inspectedScenario } from '../kit/inspected-scenario.ts';

type Seen<Type extends ParsedReceiverEvent['type']> = Extract<ParsedReceiverEvent, { type: Type }>;

/** The page of the inspector, reduced to the messages it receives. */
class InspectorPage {
  readonly seen: ParsedReceiverEvent[] = [];
  readonly send: (command: { type: 'xstate.event'; event: string; service: string }) => void;
  readonly #waiting: (() => void)[] = [];

  constructor(port: number) {
    const receiver = createWebSocketReceiver({ server: `127.0.0.1:${port}`, serialize: undefined });
    this.send = (command) => receiver.send(command);
    receiver.subscribe((event) => {
      this.seen.push(event);
      for (const check of this.#waiting) check();
    });
  }

  of<Type extends ParsedReceiverEvent['type']>(type: Type): Seen<Type>[] {
    return this.seen.filter((event): event is Seen<Type> => event.type === type);
  }

  /** The flat states in order, each once per entry. */
  get states(): ShardState[] {
    const states = this.of('service.state').map(({ state }) => shardState(state.value));
    return states.filter((state, index) => state !== states[index - 1]);
  }

  waitForCount(count: number, type: ParsedReceiverEvent['type']): Promise<void> {
    return this.#until(() => this.of(type).length >= count);
  }

  waitForState(state: ShardState): Promise<void> {
    return this.#until(() => this.states.at(-1) === state);
  }

  #until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (isMet()) resolve();
      };
      this.#waiting.push(check);
      check();
    });
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
await once(server, 'listening');
/** Every message to a page, as text. */
const sent: string[] = [];

let kit: Awaited<ReturnType<typeof inspectedScenario>>;
let unregister: () => void;

beforeAll(() => {
  server.on('connection', (client) => {
    const send = client.send.bind(client) as (text: string) => void;
    client.send = (text: unknown): void => {
      sent.push(String(text));
      send(String(text));
    };
  });
  // The types of @xstate/inspect refer to the CommonJS types of ws.
  inspect({ server: server as unknown as Parameters<typeof inspect>[0]['server'] });
});

afterAll(() => server.close());

beforeEach(async () => {
  kit = await inspectedScenario();
  unregister = registerWithXStateInspect(kit.shard);
});

afterEach(async () => {
  unregister();
  await kit[Symbol.asyncDispose]();
  for (const client of server.clients) client.terminate();
  sent.length = 0;
});

/** Opens a page, and resolves when the inspector knows it. */
async function openPage(): Promise<InspectorPage> {
  const { promise: known, resolve } = Promise.withResolvers<void>();
  server.once('connection', (client) => client.once('message', () => resolve()));
  const page = new InspectorPage((server.address() as AddressInfo).port);
  await known;
  return page;
}

/** The names of XState 4 for the events of delayed transitions. */
const XSTATE4_EVENT_NAMES: Readonly<Record<string, string>> = {
  'xstate.after.heartbeatJitter.shard.online.heartbeat.jitter':
    'xstate.after(heartbeatJitter)#shard.online.heartbeat.jitter',
  'xstate.after.stableAfter.shard.online.session.ready': 'xstate.after(stableAfter)#shard.online.session.ready',
  'xstate.after.heartbeatInterval.shard.online.heartbeat.beating':
    'xstate.after(heartbeatInterval)#shard.online.heartbeat.beating',
  'xstate.after.reconnectDelay.shard.reconnecting': 'xstate.after(reconnectDelay)#shard.reconnecting',
};
const XSTATE4_SCENARIO = SCENARIO.map(([event, state]) => [XSTATE4_EVENT_NAMES[event] ?? event, state]);

describe('@xstate/inspect', () => {
  test('receives the chart, every event, every state, and the stop of a shard', async () => {
    const page = await openPage();
    await kit.run();
    unregister();
    await page.waitForCount(1, 'service.stop');

    const [register] = page.of('service.register');
    const { sessionId } = register!;
    expect(register!.machine.id).toBe('shard');
    expect(register!.state.value).toBe('disconnected');
    expect(page.of('service.state').map(({ state }) => [state.event.type, shardState(state.value)])).toEqual(
      XSTATE4_SCENARIO,
    );
    expect(page.of('service.event').map(({ event }) => event.name)).toEqual(XSTATE4_SCENARIO.map(([event]) => event));
    expect(page.seen.map((event) => event.sessionId)).toEqual(page.seen.map(() => sessionId));
    expect(page.seen.at(-1)).toEqual({ type: 'service.stop', sessionId });
  });

  test('receives a chart that XState 4 runs through the same states as the shard', async () => {
    const page = await openPage();
    await kit.run();
    await page.waitForState('disconnected');

    let readies = 0;
    const chart = page.of('service.register')[0]!.machine.withConfig({
      actions: {},
      services: {},
      guards: {
        hasSession: () => readies > 0,
        hasRoom: () => true,
        isFatal: () => false,
        isSessionOver: () => false,
        isInvalidInterval: () => false,
        isValidInterval: () => true,
        isAcknowledged: (_context, _event, { state }) => state.matches('online.heartbeat.beating.acknowledged'),
        mayReconnect: () => true,
        mustWarmUp: () => false,
        isReconnectRequested: () => false,
      },
      delays: Object.fromEntries(Object.keys(shardDelays({ random: () => 0 })).map((name) => [name, 0])),
    });
    let state = chart.initialState;
    for (const { state: observed } of page.of('service.state')) {
      state = chart.transition(state, observed.event);
      if (observed.event.type === 'gateway.ready') readies += 1;
      expect({ event: observed.event.type, value: state.value }).toEqual({
        event: observed.event.type,
        value: observed.value,
      });
    }
  });

  test('receives guards, actions, actors, delays and initial states by name', async () => {
    const page = await openPage();
    await page.waitForCount(1, 'service.register');
    const { machine } = page.of('service.register')[0]!;

    const node = (id: string): typeof machine.config => machine.getStateNodeById(id).config;
    expect(node('shard.online.heartbeat.beating')).toEqual({
      id: 'shard.online.heartbeat.beating',
      key: 'beating',
      type: 'compound',
      initial: 'awaitingAck',
      states: expect.any(Object),
      on: { 'gateway.heartbeatRequest': [{ actions: [{ type: 'heartbeat' }], internal: true }] },
      after: {
        heartbeatInterval: [
          {
            target: ['#shard.online.heartbeat.beating'],
            cond: { type: 'isAcknowledged' },
            actions: [],
            internal: false,
          },
          { target: ['#shard.online.heartbeat.overdue'], actions: [], internal: false },
        ],
      },
      entry: [{ type: 'heartbeat' }],
      exit: [],
      invoke: [],
    });
    expect(node('shard.lost').always).toEqual([
      { target: ['#shard.reconnecting'], cond: { type: 'mayReconnect' }, actions: [], internal: false },
      { target: ['#shard.disconnecting'], actions: [], internal: false },
    ]);
    expect(node('shard.online').type).toBe('parallel');
    expect(node('shard.online').initial).toEqual(undefined);
    expect(node('shard.online').invoke).toEqual([{ id: 'socket', src: 'socket' }]);
  });

  test('receives the current state of the shard when a page opens late', async () => {
    await kit.shard.connect();
    const page = await openPage();
    await page.waitForCount(1, 'service.register');
    const { machine, state } = page.of('service.register')[0]!;
    expect(machine.id).toBe('shard');
    expect(shardState(state.value)).toBe('ready');
  });

  test('can neither change the state of the shard nor pretend to', async () => {
    const page = await openPage();
    await kit.shard.connect();
    await page.waitForState('ready');
    const { sessionId } = page.of('service.register')[0]!;
    const [client] = server.clients;
    const received = once(client!, 'message');
    const data = { type: 'shard.forceClose', code: 1000, session: 'discard' };
    const event = { name: data.type, data, $$type: 'scxml', type: 'external', origin: sessionId };
    page.send({ type: 'xstate.event', event: JSON.stringify(event), service: sessionId });
    await received;

    expect(kit.shard.state).toBe('ready');
    await kit.shard.disconnect();
    await page.waitForState('disconnected');
    expect(page.of('service.event').map(({ event: { name } }) => name)).not.toContain('shard.forceClose');
  });

  test('receives neither token, session, context nor payload', async () => {
    const page = await openPage();
    await kit.run();
    await page.waitForState('disconnected');

    const { sessionId, resumeUrl } = kit.shard.session!;
    const secrets = [SECRET_TOKEN, SECRET_CONTENT, sessionId, resumeUrl, 'connectTimeoutMs'];
    const all = sent.join('\n');
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    expect(page.of('service.state').map(({ state }) => state.context)).toEqual(XSTATE4_SCENARIO.map(() => ({})));
    // Proves that the check can fail: the machine holds the session and the timing.
    expect(all).toContain('gateway.ready');
    expect(JSON.stringify(kit.shard.actor.getSnapshot().context)).toContain(sessionId);
  });

  test('receives a broken machine as stopped, and as a new service when it starts again', async () => {
    const page = await openPage();
    await kit.shard.connect();
    kit.shard.actor.send({ type: 'socket.closed', code: { toString: throwError } } as never);
    await page.waitForCount(1, 'service.stop');
    await kit.shard.connect();
    await page.waitForState('ready');

    const services = page.of('service.register').map(({ sessionId }) => sessionId);
    expect(page.of('service.stop').map(({ sessionId }) => sessionId)).toEqual(services.slice(0, 1));
    expect(services.length).toBe(2);
    expect(new Set(services).size).toBe(2);
    expect(page.of('service.state').at(-1)!.sessionId).toEqual(services[1]);
  });
});

function throwError(): never {
  throw new Error('a bug');
}
