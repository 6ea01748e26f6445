/** A process that stops and connects again, while another process ran its shards in between. On the files of one store. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore, MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { Dispatch, ManagerOptions, Session, ShardManager, ShardOptions } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { quickManager } from '../kit/live-manager.ts';
import { QUICK } from '../kit/timing.ts';
import { TOKEN } from '../kit/virtual-shard.ts';

const BOT = join(import.meta.dirname, '../kit/owning-bot.ts');

/** A shard or a manager. */
interface Bot {
  on(name: 'dispatch', listener: (dispatch: Dispatch) => void): unknown;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** What a bot is told, and a wait for one of it. */
function listen(bot: Bot) {
  const contents: string[] = [];
  const waiting = new Map<string, () => void>();
  bot.on('dispatch', ({ t, d }) => {
    if (t !== 'MESSAGE_CREATE') return;
    const { content } = d as { content: string };
    contents.push(content);
    waiting.get(content)?.();
  });
  const has = (content: string): Promise<void> | undefined =>
    contents.includes(content) ? undefined : new Promise((resolve) => void waiting.set(content, resolve));
  return { contents, has };
}

describe('a process that connects again after another one', () => {
  let gateway: FakeGateway;
  let directory: string;
  const open: Bot[] = [];

  beforeEach(async () => {
    gateway = await FakeGateway.listen({ token: TOKEN, heartbeatIntervalMs: 1_000, identifyIntervalMs: 0 });
    directory = await mkdtemp(join(tmpdir(), 'returning-owner-'));
  });

  afterEach(async () => {
    for (const one of open.splice(0)) await one.disconnect();
    await gateway.close();
    await rm(directory, { recursive: true, force: true });
  });

  const createShard = (options: Partial<ShardOptions> = {}): Shard => {
    const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
    const sessionStore = new FileSessionStore(directory);
    const shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      url: gateway.url,
      timing: QUICK,
      identifyGate,
      sessionStore,
      ...options,
    });
    open.push(shard);
    return shard;
  };

  const createManager = (options: Partial<ManagerOptions> = {}): ShardManager => {
    const manager = quickManager(gateway, { shards: 2, sessionStore: new FileSessionStore(directory), ...options });
    open.push(manager);
    return manager;
  };

  const stored = async (): Promise<Session> =>
    JSON.parse(await readFile(join(directory, 'shard-0.json'), 'utf8')) as Session;

  /** Sends messages to each shard, in order. */
  const send = (...contents: string[]): void => {
    for (const content of contents) gateway.dispatch('MESSAGE_CREATE', { content });
  };

  /** Another bot of the same kind runs, gets messages, and stops. */
  const runBetween = async (bot: Bot, ...contents: string[]): Promise<string[]> => {
    const heard = listen(bot);
    await bot.connect();
    send(...contents);
    await heard.has(contents.at(-1)!);
    await bot.disconnect();
    return heard.contents;
  };

  test('goes on where the other process has stopped: nothing is lost, and nothing is delivered twice', async () => {
    const first = createShard();
    const heard = listen(first);
    await first.connect();
    const { sessionId } = first.session!;
    send('1', '2');
    await heard.has('2');
    await first.disconnect();

    const child = fork(BOT, [gateway.url, directory], { execArgv: [] });
    const others: string[] = [];
    await new Promise<void>((resolve) => {
      child.on('message', ({ state, content }: { state?: string; content?: string }) => {
        if (state === 'ready') send('3', '4');
        if (content !== undefined) others.push(content);
        if (content === '4') resolve();
      });
    });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;

    send('5');
    await first.connect();
    send('6');
    await heard.has('6');
    expect([heard.contents, others]).toEqual([
      ['1', '2', '5', '6'],
      ['3', '4'],
    ]);
    expect(first.session).toMatchObject({ sessionId });
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 2 });
  }, 60_000);

  test('waits for the other process while that runs, then goes on where it has stopped', async () => {
    const first = createShard();
    const heard = listen(first);
    await first.connect();
    await first.disconnect();
    const other = createShard();
    const others = listen(other);
    await other.connect();
    const connecting = first.connect();
    send('1');
    await others.has('1');
    await other.disconnect();
    send('2');
    await connecting;
    send('3');
    await heard.has('3');
    expect(heard.contents).toEqual(['2', '3']);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 2 });
  });

  test('resumes the session that the other process has begun, not its own', async () => {
    const first = createShard();
    await first.connect();
    await first.disconnect();
    const other = createShard();
    await other.reinstantiate();
    const { sessionId } = other.session!;
    await other.disconnect();
    await first.connect();
    expect(first.session).toMatchObject({ sessionId });
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 1 });
  });

  test('identifies at once when the other process has ended the session', async () => {
    const first = createShard();
    const { sessionId } = await first.connect().then(() => first.session!);
    await first.disconnect();
    const other = createShard();
    await other.connect();
    await other.disconnect({ session: 'discard' });
    const states: string[] = [];
    first.on('stateChange', ({ to }) => states.push(to));
    await first.connect();
    expect(first.session?.sessionId).not.toBe(sessionId);
    expect(states).toEqual(['connecting', 'identifying', 'ready']);
    expect(gateway.stats).toMatchObject({ identifies: 2, resumes: 1 });
    await first.disconnect();
    expect((await stored()).sessionId).toBe(first.session?.sessionId);
  });

  test('resumes its own session when no other process has had it', async () => {
    const first = createShard();
    const heard = listen(first);
    await first.connect();
    const stream = first.dispatches({ events: ['MESSAGE_CREATE'] });
    send('1', '2');
    await heard.has('2');
    await first.disconnect();
    expect((await stored()).sequence).toBe(1);
    await first.connect();
    send('3');
    await heard.has('3');
    expect(heard.contents).toEqual(['1', '2', '3']);
    expect([(await stream.next()).value?.s, (await stream.next()).value?.s]).toEqual([2, 3]);
  });

  test.each(['a stream', 'a concurrent handler'])(
    'drops what waits in %s, which the other process got',
    async (where) => {
      const first = createShard();
      const heard = listen(first);
      await first.connect();
      const started: string[] = [];
      const { promise: blocked, resolve: unblock } = Promise.withResolvers<void>();
      const stream = where === 'a stream' ? first.dispatches({ events: ['MESSAGE_CREATE'] }) : null;
      if (stream === null)
        first.onDispatch(
          'MESSAGE_CREATE',
          async ({ content }) => {
            started.push(content);
            await blocked;
          },
          { concurrency: 1 },
        );
      send('1', '2', '3');
      await heard.has('3');
      if (stream !== null) await stream.next();
      await first.disconnect();
      unblock();
      expect(await runBetween(createShard(), '4')).toEqual(['2', '3', '4']);
      await first.connect();
      send('5');
      await heard.has('5');
      expect(heard.contents).toEqual(['1', '2', '3', '5']);
      const left: unknown = stream === null ? started : await stream.next();
      expect(left).toEqual(stream === null ? ['1', '5'] : { done: true, value: undefined });
      const { sequence } = first.session!;
      await first.disconnect();
      expect((await stored()).sequence).toBe(sequence);
    },
  );

  test('stores nothing of its old session when it is stopped before it has read the new one', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    let isSlow = false;
    class SlowStore extends FileSessionStore {
      override async load(shardId: number): Promise<Session | null> {
        if (!isSlow) return super.load(shardId);
        ask();
        await answered;
        return super.load(shardId);
      }
    }
    const first = createShard({ sessionStore: new SlowStore(directory) });
    const heard = listen(first);
    await first.connect();
    const stream = first.dispatches({ events: ['MESSAGE_CREATE'] });
    send('1', '2');
    await heard.has('2');
    await first.disconnect();
    await runBetween(createShard(), '3');
    const after = await stored();
    isSlow = true;
    await stream.next();
    const connecting = first.connect().catch(() => undefined);
    await asked;
    await first.disconnect();
    await connecting;
    answer();
    expect(await stored()).toEqual(after);
    isSlow = false;
    await first.connect();
    expect(first.session).toMatchObject({ sequence: after.sequence + 1 });
  });

  test('goes on where the other process has stopped, also if its own last write had failed', async () => {
    let isFull = false;
    class FullStore extends FileSessionStore {
      override async save(...args: Parameters<FileSessionStore['save']>): Promise<void> {
        if (isFull) throw new Error('the disk is full');
        return super.save(...args);
      }
    }
    const first = createShard({ sessionStore: new FullStore(directory) });
    const heard = listen(first);
    await first.connect();
    send('1');
    await heard.has('1');
    isFull = true;
    await first.disconnect();
    isFull = false;
    expect(await runBetween(createShard(), '2')).toContain('2');
    await first.connect();
    send('3');
    await heard.has('3');
    expect(heard.contents).toEqual(['1', '3']);
  });

  /** A store that cannot be read while `isBroken`. */
  class BrokenStore extends FileSessionStore {
    isBroken = false;

    override async load(shardId: number): Promise<Session | null> {
      if (this.isBroken) throw new Error('the disk is broken');
      return super.load(shardId);
    }
  }

  test('goes on with its own session while the store cannot be read, and stores it', async () => {
    const sessionStore = new BrokenStore(directory);
    const first = createShard({ sessionStore });
    await first.connect();
    const { sessionId } = first.session!;
    await first.disconnect();
    await runBetween(createShard(), '1');
    sessionStore.isBroken = true;
    await first.connect();
    expect(first.session).toMatchObject({ sessionId });
    const { sequence } = first.session!;
    await first.disconnect();
    expect(await stored()).toMatchObject({ sessionId, sequence });
  });

  /** One process has learnt of a guild, and another that it has changed. Returns the first. */
  const stopWithGuild = async (options: Partial<ShardOptions> = {}): Promise<Shard> => {
    const first = createShard({ warmStart: true, ...options });
    await first.connect();
    gateway.dispatch('GUILD_CREATE', { id: '10', name: 'old', channels: [], members: [] });
    await first.heartbeat();
    await first.disconnect();
    const other = createShard({ warmStart: true });
    await other.connect();
    gateway.dispatch('GUILD_UPDATE', { id: '10', name: 'new' });
    await other.heartbeat();
    await other.disconnect();
    return first;
  };

  test('does not add to the guilds that the other process has stored while it cannot read them', async () => {
    const sessionStore = new BrokenStore(directory);
    const first = await stopWithGuild({ sessionStore });
    const guilds = await readFile(join(directory, 'shard-0.guilds'));
    sessionStore.isBroken = true;
    await first.connect();
    await first.disconnect();
    expect(await readFile(join(directory, 'shard-0.guilds'))).toEqual(guilds);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 2 });
  });

  test('goes on with the session that the user has named meanwhile', async () => {
    const first = createShard();
    await first.connect();
    const session = first.session!;
    await first.disconnect();
    await runBetween(createShard(), '1');
    const heard = listen(first);
    const connecting = first.connect();
    await first.resume(session);
    await connecting;
    await heard.has('1');
    expect(first.session).toMatchObject({ sessionId: session.sessionId });
  });

  test('is delivered its guilds again with warmStart, as the other process knew them', async () => {
    const first = await stopWithGuild();
    const restored: unknown[] = [];
    first.on('dispatch', ({ t, d, isRestored }) => {
      if (isRestored === true) restored.push([t, (d as { name?: string }).name]);
    });
    await first.connect();
    expect(restored).toEqual(expect.arrayContaining([['GUILD_CREATE', 'new']]));
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 2 });
  });

  test.each([0, 2])(
    'a manager with %i workers goes on with the sessions of the other one',
    async (workers) => {
      const first = createManager({ workers });
      const heard = listen(first);
      await first.connect();
      send('1');
      await heard.has('1');
      await first.disconnect();
      expect(await runBetween(createManager({ workers }), '2')).toContain('2');
      const other = createManager();
      await other.connect();
      await other.shards.get(1)?.disconnect({ session: 'discard' });
      await other.disconnect();
      heard.contents.length = 0;
      await first.connect();
      send('3');
      await heard.has('3');
      await first.disconnect();
      expect(new Set(heard.contents)).toEqual(new Set(['3']));
      expect(gateway.stats).toMatchObject({ identifies: 3, resumes: 5 });
    },
    30_000,
  );

  test.each([0, 2])(
    'a manager with %i workers drops what waits, which the other one got',
    async (workers) => {
      const first = createManager({ workers, shards: 1 });
      const heard = listen(first);
      await first.connect();
      const started: string[] = [];
      const { promise: blocked, resolve: unblock } = Promise.withResolvers<void>();
      first.onDispatch(
        'MESSAGE_CREATE',
        async ({ content }) => {
          started.push(content);
          await blocked;
        },
        { concurrency: 1 },
      );
      send('1', '2', '3');
      await heard.has('3');
      await first.disconnect();
      unblock();
      expect(await runBetween(createManager({ workers, shards: 1 }), '4')).toEqual(['2', '3', '4']);
      await first.connect();
      send('5');
      await heard.has('5');
      expect(heard.contents).toEqual(['1', '2', '3', '5']);
      expect(started).toEqual(['1', '5']);
    },
    30_000,
  );
});
