import { describe, expect, expectTypeOf, test } from 'vitest';
import type { GatewayMessageCreateDispatchData } from 'discord-api-types/v10';
import { waitFor } from 'xstate';
import { Intents } from '../../src/index.ts';
import type { CustomEventName, Dispatch, GatewayError, Session } from '../../src/index.ts';
import { TOKEN, readyShard, virtualShard } from '../kit/virtual-shard.ts';

const SESSION: Session = { sessionId: 'kept', resumeUrl: 'wss://resume.test', sequence: 41, shardId: 0, shardCount: 1 };
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'settled',
    (error: GatewayError) => error.code,
  );

describe('Shard', () => {
  test('returns its options as properties', () => {
    const { shard } = virtualShard({
      intents: ['Guilds', 'GuildMessages'],
      shardId: 3,
      shardCount: 8,
      largeThreshold: 100,
      shouldReconnect: false,
    });
    const { intents, shardId, shardCount, largeThreshold, shouldReconnect, url, version } = shard;
    expect({ intents, shardId, shardCount, largeThreshold, shouldReconnect, url, version }).toEqual({
      intents: Intents.Guilds | Intents.GuildMessages,
      shardId: 3,
      shardCount: 8,
      largeThreshold: 100,
      shouldReconnect: false,
      url: 'wss://main.test',
      version: 10,
    });
  });

  test('has no session, interval or ping before it is connected', () => {
    const { shard } = virtualShard();
    const { state, session, lastSequence, heartbeatInterval, heartbeatAcknowledged, ping, pendingSends } = shard;
    expect(state).toBe('disconnected');
    expect(session).toBe(null);
    expect(lastSequence).toBe(null);
    expect(heartbeatInterval).toBe(null);
    expect(heartbeatAcknowledged).toBe(null);
    expect(ping).toBe(null);
    expect(pendingSends).toBe(0);
    expect(shard.health).toEqual({ lastFrameAt: null, lastAckAt: null, lastDispatchAt: null });
  });

  test('identifies with its options', async () => {
    const properties = { os: 'plan9', browser: 'lib', device: 'toaster' };
    const { gateway } = await readyShard({ shardId: 1, shardCount: 4, largeThreshold: 250, properties });
    expect(gateway.sent(2)[0]!.d).toEqual({
      token: TOKEN,
      intents: 1,
      properties,
      large_threshold: 250,
      shard: [1, 4],
    });
    expect(gateway.last.url.href).toBe('wss://main.test/?v=10&encoding=json');
  });

  test('rewriteUrl applies to the main URL and the resume URL', async () => {
    const { clock, gateway } = await readyShard({
      rewriteUrl: ({ hostname, search }) => new URL(`wss://proxy.test/${hostname}${search}`),
    });
    gateway.allowViolation('identify-host', 'there is a proxy before the hosts');
    gateway.allowViolation('resume-host', 'there is a proxy before the hosts');
    gateway.last.end(1006);
    await clock.advanceAsync(1_000);
    expect(gateway.sockets.map(({ url }) => url.href)).toEqual([
      'wss://proxy.test/main.test?v=10&encoding=json',
      'wss://proxy.test/resume.test?v=10&encoding=json',
    ]);
  });

  test('connect() resolves at READY, and at once while the shard is ready', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.ready = false;
    let settled = false;
    const connecting = shard.connect().then(() => (settled = true));
    await clock.advanceAsync(1_000);
    expect(settled).toBe(false);
    gateway.ready();
    await connecting;
    await shard.connect();
    expect(gateway.sockets).toHaveLength(1);
  });

  test('a second connect() joins the first', async () => {
    const { clock, gateway, shard } = virtualShard();
    const both = [shard.connect(), shard.connect()];
    await clock.advanceAsync(100);
    await Promise.all(both);
    expect(gateway.sent(2)).toHaveLength(1);
  });

  test('connect() rejects when aborted, and the attempt is cancelled', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.hello = false;
    const abort = new AbortController();
    const connecting = shard.connect({ signal: abort.signal });
    await clock.advanceAsync(1_000);
    abort.abort('too slow');
    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED', cause: 'too slow' });
    await clock.advanceAsync(60_000);
    expect(shard.state).toBe('disconnected');
    expect(gateway.sockets.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('one aborted connect() does not cancel the attempt of another', async () => {
    const { clock, shard } = virtualShard();
    const abort = new AbortController();
    const [one, other] = [code(shard.connect({ signal: abort.signal })), code(shard.connect())];
    abort.abort();
    await clock.advanceAsync(100);
    expect(await one).toBe('ABORTED');
    expect(await other).toBe('settled');
    expect(shard.state).toBe('ready');
  });

  test('with shouldReconnect: false a lost connection rejects connect(), which can be called again', async () => {
    const { clock, gateway, shard, events } = virtualShard({ shouldReconnect: false });
    gateway.answers.hello = false;
    const connecting = code(shard.connect());
    await clock.advanceAsync(16_000);
    expect(await connecting).toBe('CONNECTION_LOST');
    expect(shard.state).toBe('disconnected');
    gateway.answers.hello = true;
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    gateway.last.end(1006);
    await clock.advanceAsync(60_000);
    expect(shard.state).toBe('disconnected');
    expect(gateway.sockets.length).toBe(2);
    expect(shard.session?.sessionId).toBe('session-1');
    expect(events.of('disconnected').at(-1)).toEqual({
      code: 1006,
      reason: 'abnormal closure',
      initiator: 'transport',
      willReconnect: false,
      willResume: false,
    });
  });

  test('connect() works again after a failure', async () => {
    const { clock, gateway, shard } = virtualShard();
    gateway.answers.ready = false;
    const failing = code(shard.connect());
    await clock.advanceAsync(10);
    gateway.last.end(4014);
    expect(await failing).toBe('DISALLOWED_INTENTS');
    expect(shard.state).toBe('failed');
    gateway.answers.ready = true;
    await Promise.all([shard.connect(), clock.advanceAsync(10_000)]);
    expect(shard.state).toBe('ready');
  });

  test('reconnect() closes the connection, keeps the session, and resumes it', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    await Promise.all([shard.reconnect(), clock.advanceAsync(1_000)]);
    const [first, second] = gateway.sockets;
    expect(first!.closedWith).toBe(4000);
    expect(second!.sentOps()[0]).toBe(6);
    expect(shard.session?.sessionId).toBe('session-1');
    expect(events.of('reconnected')).toEqual([{ resumed: true }]);
  });

  test('reconnect() connects a shard that is not connected', async () => {
    const { clock, shard } = virtualShard();
    await Promise.all([shard.reconnect(), clock.advanceAsync(100)]);
    expect(shard.state).toBe('ready');
  });

  test('reinstantiate() discards the session and identifies on the original URL', async () => {
    const { clock, gateway, shard, events } = await readyShard({ session: SESSION });
    expect(gateway.last.url.origin).toBe('wss://resume.test');
    await Promise.all([shard.reinstantiate(), clock.advanceAsync(10_000)]);
    expect(gateway.sockets[0]!.closedWith).toBe(4000);
    expect(gateway.last.url.origin).toBe('wss://main.test');
    expect(gateway.last.sentOps()).toEqual([2]);
    expect(events.of('reconnected')).toEqual([{ resumed: false }]);
  });

  test('reinstantiate({ noFail: true }) resolves where reinstantiate() rejects', async () => {
    const { clock, gateway, shard } = await readyShard();
    gateway.answers.ready = false;
    const [strict, lenient] = [code(shard.reinstantiate()), code(shard.reinstantiate({ noFail: true }))];
    await clock.advanceAsync(6_000);
    gateway.last.end(4004);
    expect(await strict).toBe('AUTHENTICATION_FAILED');
    expect(await lenient).toBe('settled');
  });

  test('resume() takes over a session while connected, and rejects an invalid one', async () => {
    const { clock, gateway, shard } = await readyShard();
    await Promise.all([shard.resume({ ...SESSION, sessionId: 'other' }), clock.advanceAsync(1_000)]);
    expect(gateway.last.sent[0]).toMatchObject({ op: 6, d: { session_id: 'other', seq: 41 } });
    expect(await code(shard.resume({ ...SESSION, resumeUrl: 'http://x' }))).toBe('INVALID_SESSION');
    expect(await code(shard.resume(null as never))).toBe('INVALID_SESSION');
    expect(shard.state).toBe('ready');
    expect(shard.session?.sessionId).toBe('other');
  });

  test('heartbeat() sends a heartbeat now and resolves with the round trip', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.latencyMs = 25;
    const roundTrip = shard.heartbeat();
    await clock.advanceAsync(100);
    expect(await roundTrip).toBe(25);
    expect(shard.ping).toBe(25);
    expect(shard.heartbeatAcknowledged).toBe(true);
    expect(events.of('heartbeat')).toEqual([{ latency: 25 }]);
  });

  test('heartbeat() rejects without a connection, and when the connection is lost before the ACK', async () => {
    const { gateway, shard } = await readyShard();
    const roundTrip = code(shard.heartbeat());
    gateway.last.end(1006);
    expect(await roundTrip).toBe('CONNECTION_LOST');
    expect(await code(virtualShard().shard.heartbeat())).toBe('NOT_CONNECTED');
  });

  test('calls of heartbeat() without end stay within the send limit', async () => {
    const { clock, gateway, shard } = await readyShard();
    gateway.allowViolation('heartbeat-pace', 'the user asks for them');
    gateway.latencyMs = 0;
    const asking = (async () => {
      for (let count = 0; count < 300; count += 1) await shard.heartbeat();
    })();
    await clock.advanceAsync(59_000);
    expect(gateway.sent(1).length).toBeLessThanOrEqual(119);
    await clock.advanceAsync(180_000);
    await asking;
  });

  test('heartbeat requests without end do not make the shard exceed the send limit', async () => {
    const { clock, gateway } = await readyShard();
    gateway.allowViolation('heartbeat-answer', 'the limit leaves no room to answer them all');
    for (let count = 0; count < 500; count += 1) gateway.last.receive({ op: 1, d: null });
    await clock.advanceAsync(50_000);
    expect(gateway.sent(1).length).toBeLessThanOrEqual(119);
    expect(gateway.sockets).toHaveLength(1);
  });

  test('heartbeatInterval and heartbeatAcknowledged are set while there is a connection', async () => {
    const { clock, gateway, shard } = await readyShard();
    expect(shard.heartbeatInterval).toBe(40_000);
    expect(shard.heartbeatAcknowledged).toBe(null);
    await clock.advanceAsync(20_000);
    expect(shard.heartbeatAcknowledged).toBe(true);
    gateway.last.end(1006);
    expect(shard.heartbeatInterval).toBe(null);
    expect(shard.heartbeatAcknowledged).toBe(null);
  });

  test('voice state, soundboard sounds and channel info are sent in the format of Discord', async () => {
    const { gateway, shard } = await readyShard();
    await shard.updateVoiceState({ guild_id: '1', channel_id: null, self_mute: true, self_deaf: false });
    await shard.requestSoundboardSounds(['1', '2']);
    await shard.requestChannelInfo({ guild_id: '1', fields: ['status'] });
    expect(gateway.last.sent.slice(1).map(({ op, d }) => ({ op, d }))).toEqual([
      { op: 4, d: { guild_id: '1', channel_id: null, self_mute: true, self_deaf: false } },
      { op: 31, d: { guild_ids: ['1', '2'] } },
      { op: 43, d: { guild_id: '1', fields: ['status'] } },
    ]);
  });

  test('emits each step of its lifecycle in order', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    gateway.dispatch('MESSAGE_CREATE', { content: 'hi' });
    gateway.last.end(4000, 'Unknown error');
    await clock.advanceAsync(1_000);
    await Promise.all([shard.disconnect({ reason: 'enough' }), clock.advanceAsync(10)]);
    const emitted = events.all
      .filter(({ name }) => name !== 'raw')
      .map(({ name, args: [arg] }) => {
        const { to, t } = (arg ?? {}) as { to?: string; t?: string };
        return [name, to ?? t].filter(Boolean).join(' ');
      });
    expect(emitted).toEqual([
      'stateChange connecting',
      'connected',
      'stateChange identifying',
      'hello',
      'stateChange ready',
      'ready',
      'dispatch READY',
      'dispatch MESSAGE_CREATE',
      'stateChange reconnecting',
      'disconnected',
      'stateChange connecting',
      'connected',
      'stateChange resuming',
      'hello',
      'stateChange ready',
      'reconnected',
      'resumed',
      'dispatch RESUMED',
      'stateChange disconnecting',
      'stateChange disconnected',
      'disconnected',
    ]);
    expect(events.of('disconnected')).toEqual([
      { code: 4000, reason: 'Unknown error', initiator: 'gateway', willReconnect: true, willResume: true },
      { code: 4000, reason: 'enough', initiator: 'shard', willReconnect: false, willResume: false },
    ]);
    expect(events.of('hello')).toEqual([{ heartbeatInterval: 40_000 }, { heartbeatInterval: 40_000 }]);
  });

  test('onDispatch() listeners receive typed dispatches until they are removed', async () => {
    const { gateway, shard } = await readyShard();
    const seen: unknown[] = [];
    const off = shard.onDispatch('MESSAGE_CREATE', (data, dispatch) => {
      expectTypeOf(data).toEqualTypeOf<GatewayMessageCreateDispatchData>();
      expectTypeOf(dispatch).toEqualTypeOf<Dispatch<'MESSAGE_CREATE'>>();
      seen.push([data, dispatch.s]);
    });
    shard.onDispatch('EVENT_OF_TOMORROW', (data) => {
      expectTypeOf(data).toBeUnknown();
      seen.push(data);
    });
    gateway.dispatch('MESSAGE_CREATE', { id: '1' });
    gateway.dispatch('EVENT_OF_TOMORROW', 7);
    off();
    gateway.dispatch('MESSAGE_CREATE', { id: '2' });
    expect(seen).toEqual([[{ id: '1' }, 2], 7]);
  });

  test('dispatches() goes on over a reconnection and ends with disconnect()', async () => {
    const { clock, gateway, shard } = await readyShard();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { t } of shard.dispatches()) seen.push(t);
    })();
    gateway.dispatch('A');
    gateway.last.end(1006);
    await clock.advanceAsync(1_000);
    gateway.dispatch('B');
    await Promise.all([shard.disconnect(), clock.advanceAsync(10)]);
    await reading;
    expect(seen).toEqual(['A', 'RESUMED', 'B']);
  });

  test('dispatches() throws the error with which the shard failed', async () => {
    const { gateway, shard } = await readyShard();
    const reading = code(shard.dispatches().next());
    gateway.last.end(4014);
    expect(await reading).toBe('DISALLOWED_INTENTS');
  });

  test('a slow consumer of dispatches() pauses the socket until it catches up', async () => {
    const { gateway, shard } = await readyShard();
    const stream = shard.dispatches({ highWaterMark: 4, events: ['A' as CustomEventName] });
    for (let count = 0; count < 3; count += 1) gateway.dispatch('A');
    for (let count = 0; count < 9; count += 1) gateway.dispatch('B');
    expect(gateway.last.paused).toBe(false);
    gateway.dispatch('A');
    expect(gateway.last.paused).toBe(true);
    await stream.next();
    await stream.next();
    expect(gateway.last.paused).toBe(false);
  });

  test('a socket that a slow consumer has paused is read before its heartbeat counts as unacknowledged', async () => {
    const { clock, gateway, shard } = await readyShard();
    const stream = shard.dispatches({ highWaterMark: 1 });
    gateway.dispatch('A');
    // A paused socket emits what it has received only when it is resumed.
    const held: (() => void)[] = [];
    gateway.intercept = (socket, { op }) => {
      if (op === 1 && socket.paused) held.push(() => socket.receive({ op: 11 }));
      return op === 1 && socket.paused;
    };
    const { last } = gateway;
    const resume = last.resume.bind(last);
    last.resume = () => {
      resume();
      for (const deliver of held.splice(0)) deliver();
    };
    await clock.advanceAsync(60_000);
    gateway.dispatch('B');
    expect(last.paused).toBe(true);
    await clock.advanceAsync(400_000);
    expect(shard.state).toBe('ready');
    expect(gateway.sockets.length).toBe(1);
    await stream.return?.();
  });

  test("XState's waitFor() works with its actor", async () => {
    const { clock, shard } = virtualShard();
    const ready = waitFor(shard.actor, (snapshot) => snapshot.matches({ online: { session: 'ready' } }));
    void shard.connect();
    await clock.advanceAsync(100);
    expect((await ready).context.session).toEqual({ sessionId: 'session-1', resumeUrl: 'wss://resume.test' });
  });

  test('the session store is asked for a session, keeps the newest, and clears an invalidated one', async () => {
    const stored = new Map<number, Session>([[0, SESSION]]);
    const sessionStore = {
      load: async (id: number) => stored.get(id) ?? null,
      save: async (session: Session) => void stored.set(session.shardId, session),
      clear: async (id: number) => void stored.delete(id),
    };
    const { clock, gateway, shard } = virtualShard({ sessionStore });
    gateway.sequence = 50;
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    expect(gateway.last.sent[0]).toMatchObject({ op: 6, d: { session_id: 'kept', seq: 41 } });
    gateway.dispatch('A');
    await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    expect(stored.get(0)).toEqual({ ...shard.session, ...SESSION, sequence: 52 });
    await Promise.all([shard.connect(), clock.advanceAsync(100)]);
    gateway.last.receive({ op: 9, d: false });
    await clock.advanceAsync(1);
    expect(stored.has(0)).toBe(false);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('disk on fire'))],
    [
      'throws',
      (): never => {
        throw new Error('disk on fire');
      },
    ],
    ['returns an invalid session', () => Promise.resolve({ sessionId: 5 } as never)],
    ['never answers', () => new Promise<never>(() => {})],
  ])('a session store that %s costs the session, not the connection', async (_, load) => {
    const { clock, shard, events } = virtualShard({
      sessionStore: { load, save: async () => {}, clear: async () => {} },
    });
    const connecting = shard.connect();
    await clock.advanceAsync(11_000);
    await connecting;
    expect(events.faults).toEqual(['SESSION_STORE_FAILED']);
  });

  test('an error in the machine terminates the socket and fails, and connect() works again', async () => {
    const { clock, gateway, shard, events } = await readyShard();
    const waiting = code(shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0 }));
    shard.actor.send({
      type: 'socket.closed',
      get code(): number {
        throw new Error('a bug');
      },
    } as never);
    expect(shard.state).toBe('failed');
    expect(gateway.last.closedWith).toBe('terminated');
    expect(await waiting).toBe('INTERNAL_ERROR');
    expect(events.of('failed').map((error) => error.code)).toEqual(['INTERNAL_ERROR']);
    await Promise.all([shard.connect(), clock.advanceAsync(10_000)]);
    expect(shard.state).toBe('ready');
  });

  test('has no event named error, so that a missing listener does not end the process', () => {
    const { shard } = virtualShard();
    // @ts-expect-error no event is named error
    expect(() => shard.on('error', () => {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});
