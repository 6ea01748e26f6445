import { execFileSync, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSessionStore, GatewayError, MemoryIdentifyGate, MemorySessionStore, Shard } from '../../src/index.ts';
import type { ManagerOptions, Session, SessionLease, SessionStore, ShardOptions } from '../../src/index.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { nextEvent as nextManagerEvent, quickManager } from '../kit/live-manager.ts';
import { nextEvent, reaches } from '../kit/live-shard.ts';
import { QUICK } from '../kit/timing.ts';
import { virtualManager } from '../kit/virtual-manager.ts';
import { TOKEN, readyShard, virtualShard } from '../kit/virtual-shard.ts';

const codeOf = (error: unknown): unknown => (error instanceof GatewayError ? error.code : error);

let failures = 0;
const failing = async (): Promise<never> => {
  failures += 1;
  throw Object.assign(new Error(`no space left, failure ${failures}`), { code: 'ENOSPC' });
};

interface Report {
  readonly state?: string;
  readonly sessionId?: string;
  readonly content?: string;
  readonly stored?: string;
}

/** A bot in its own process. */
class BotProcess {
  readonly child: ChildProcess;
  readonly reports: Report[] = [];

  constructor(url: string, directory: string) {
    const program = join(import.meta.dirname, '../kit/owning-bot.ts');
    this.child = fork(program, [url, directory], { execArgv: [] });
    this.child.on('message', (report: Report) => this.reports.push(report));
  }

  async reported(matches: (report: Report) => boolean): Promise<Report> {
    for (;;) {
      const report = this.reports.find(matches);
      if (report !== undefined) return report;
      await once(this.child, 'message');
    }
  }

  ready(): Promise<Report> {
    return this.reported(({ state }) => state === 'ready');
  }

  get contents(): unknown[] {
    return this.reports.flatMap(({ content }) => content ?? []);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}

describe('Two owners of one session store', () => {
  let gateway: FakeGateway;
  let directory: string;
  const processes: BotProcess[] = [];
  const shards: Shard[] = [];

  beforeEach(async () => {
    gateway = await FakeGateway.listen({ token: TOKEN, heartbeatIntervalMs: 1_000, identifyIntervalMs: 0 });
    directory = await mkdtemp(join(tmpdir(), 'ownership-'));
  });

  afterEach(async () => {
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
    for (const shard of shards.splice(0)) await shard.disconnect();
    await gateway.close();
    await rm(directory, { recursive: true, force: true });
  });

  const startProcess = (): BotProcess => {
    const bot = new BotProcess(gateway.url, directory);
    processes.push(bot);
    return bot;
  };

  const createShard = (options: Partial<ShardOptions> = {}): Shard => {
    const shard = new Shard({
      token: TOKEN,
      intents: ['Guilds'],
      url: gateway.url,
      timing: QUICK,
      identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
      sessionStore: new FileSessionStore(directory),
      ...options,
    });
    shards.push(shard);
    return shard;
  };

  const storedSession = async (): Promise<Session> =>
    JSON.parse(await readFile(join(directory, 'shard-0.json'), 'utf8')) as Session;

  test('67. a new process waits until the old one has stopped, then resumes its session without a lost or double event', async () => {
    const old = startProcess();
    const { sessionId } = await old.ready();
    const fresh = startProcess();
    await fresh.reported(({ state }) => state === 'connecting');
    for (let sent = 0; sent < 20; sent += 1) {
      gateway.dispatch('MESSAGE_CREATE', { content: String(sent) });
      if (sent === 10) await old.kill('SIGTERM');
    }
    expect((await fresh.ready()).sessionId).toBe(sessionId);
    gateway.dispatch('MESSAGE_CREATE', { content: 'last' });
    await fresh.reported(({ content }) => content === 'last');
    expect([...old.contents, ...fresh.contents]).toEqual([...Array.from({ length: 20 }, (_, n) => String(n)), 'last']);
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  }, 30_000);

  test('68. a new process fails with SESSION_IN_USE after claimTimeoutMs, and disturbs the old one in no way', async () => {
    const old = createShard();
    await old.connect();
    const fresh = createShard({ timing: { ...QUICK, claimTimeoutMs: 500 } });
    const failed = nextEvent(fresh, 'failed');
    const since = performance.now();
    await expect(fresh.connect()).rejects.toMatchObject({
      code: 'SESSION_IN_USE',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    expect(performance.now() - since).toBeGreaterThan(450);
    expect(codeOf(await failed)).toBe('SESSION_IN_USE');
    expect(fresh.state).toBe('failed');
    expect(old.state).toBe('ready');
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
    await old.disconnect();
    await fresh.connect();
    expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('68. disconnect() ends the wait for the old process', async () => {
    const old = createShard();
    await old.connect();
    const fresh = createShard();
    const connecting = fresh.connect().catch(codeOf);
    await reaches(fresh, 'connecting');
    await fresh.disconnect();
    expect(await connecting).toBe('STOPPED');
    expect(fresh.state).toBe('disconnected');
  });

  test('69. a new process resumes at once the session of a process that was killed', async () => {
    const old = startProcess();
    const { sessionId } = await old.ready();
    await old.reported(({ stored }) => stored === sessionId);
    await old.kill('SIGKILL');
    const shard = createShard({ timing: { ...QUICK, claimTimeoutMs: 0 } });
    await shard.connect();
    expect(shard.session?.sessionId).toBe(sessionId);
  });

  test('69. shards of different ids share a directory, and one shard can stop and start again at once', async () => {
    const both = [0, 1].map((shardId) =>
      createShard({ shardId, shardCount: 2, timing: { ...QUICK, claimTimeoutMs: 0 } }),
    );
    await Promise.all(both.map((shard) => shard.connect()));
    await both[0]?.disconnect();
    await both[0]?.connect();
    both[1]?.forceClose();
    await both[1]?.connect();
    expect(both.map(({ state }) => state)).toEqual(['ready', 'ready']);
  });

  test.each(['reinstantiate', 'resume'] as const)(
    '70. %s() takes the session over: the old process is told once, and no longer overwrites it',
    async (method) => {
      const old = createShard();
      await old.connect();
      const faults: unknown[] = [];
      old.on('fault', (fault) => faults.push(codeOf(fault)));
      const fresh = createShard();
      if (method === 'reinstantiate') await fresh.reinstantiate();
      else await fresh.resume({ ...old.session!, sessionId: 'of-another-store' });
      const { sessionId } = fresh.session ?? {};
      for (let sent = 0; sent < 3; sent += 1) {
        const arrived = nextEvent(old, 'dispatch');
        gateway.dispatch('MESSAGE_CREATE', { content: 'new' });
        await arrived;
      }
      await old.disconnect();
      await fresh.disconnect();
      expect((await storedSession()).sessionId).toBe(sessionId);
      expect(faults).toEqual(['SESSION_IN_USE']);
    },
  );

  test.each([0, 2])('71. a manager with %i workers waits for the old one with all its shards', async (workers) => {
    const options: Partial<ManagerOptions> = { shards: 4, workers, sessionStore: new FileSessionStore(directory) };
    const old = quickManager(gateway, options);
    await old.connect();
    const impatient = quickManager(gateway, { ...options, timing: { ...QUICK, claimTimeoutMs: 0 } });
    const failed = nextManagerEvent(impatient, 'failed');
    expect(await impatient.connect().catch(codeOf)).toBe('SESSION_IN_USE');
    expect(codeOf((await failed)[0])).toBe('SESSION_IN_USE');
    expect(impatient.state).toBe('failed');
    const fresh = quickManager(gateway, options);
    const connecting = fresh.connect();
    await old.disconnect();
    await connecting;
    expect(gateway.stats).toMatchObject({ identifies: 4, resumes: 4 });
    await fresh.disconnect();
    await fresh.connect();
    await fresh.disconnect();
  });

  test('71. a manager that was resharded and stopped waits again when it connects', async () => {
    const options: Partial<ManagerOptions> = { shards: 2, sessionStore: new FileSessionStore(directory) };
    const timing = { ...QUICK, claimTimeoutMs: 0 };
    const manager = quickManager(gateway, { ...options, timing });
    await manager.connect();
    await manager.reshard(3);
    await manager.disconnect();
    const other = quickManager(gateway, { ...options, shards: 3 });
    await other.connect();
    const { identifies, resumes } = gateway.stats;
    expect(await manager.connect().catch(codeOf)).toBe('SESSION_IN_USE');
    expect(gateway.stats).toMatchObject({ identifies, resumes });
    await other.disconnect();
    await manager.connect();
    await manager.disconnect();
  });

  test.each<[string, (file: string) => unknown]>([
    ['a FIFO', (file) => execFileSync('mkfifo', [file])],
    ['a link to a device that never ends', (file) => symlink('/dev/zero', file)],
    ['a directory', (file) => mkdir(file)],
    ['a file of 10 MB', (file) => writeFile(file, ' '.repeat(10_000_000))],
    ['half a session', (file) => writeFile(file, '{"sessionId":"')],
  ])('72. %s in the place of the stored session is one fault, and the shard identifies', async (_, create) => {
    await create(join(directory, 'shard-0.json'));
    const shard = createShard();
    const faults: unknown[] = [];
    shard.on('fault', (fault) => faults.push(codeOf(fault)));
    await shard.connect();
    expect(faults).toEqual(['SESSION_STORE_FAILED']);
    expect(gateway.stats.identifies).toBe(1);
  });
});

const silentSince = (since: 'fails' | 'is never answered'): NonNullable<SessionStore['claim']> => {
  const answers: (() => Promise<SessionLease>)[] = [
    () => Promise.reject(new GatewayError('SESSION_IN_USE', 'process 7 has it')),
  ];
  const later = (): Promise<SessionLease> =>
    since === 'fails' ? Promise.reject(new Error('no connection')) : new Promise<never>(() => undefined);
  return () => (answers.pop() ?? later)();
};
describe('The session store of a shard', () => {
  test('72. a session store that goes on failing is one fault, not one for each write', async () => {
    const sessionStore: SessionStore = { load: async () => null, save: failing, clear: failing, claim: failing };
    const { shard, gateway, clock, events } = await readyShard({ sessionStore });
    for (let seconds = 0; seconds < 60; seconds += 1) {
      gateway.dispatch('MESSAGE_CREATE');
      await clock.advanceAsync(1_000);
    }
    await Promise.all([shard.disconnect(), clock.advanceAsync(6_000)]);
    expect(failures).toBeGreaterThan(60);
    expect(events.faults).toEqual(['SESSION_STORE_FAILED']);
  });

  test.each([
    ['load', 1],
    ['claim', 2],
    ['save', 1],
  ] as const)('104. a session store whose %s() is never answered blocks no later write', async (method, faults) => {
    const memory = new MemorySessionStore();
    let isSilent = true;
    const asked = (name: string): Promise<void> =>
      isSilent && name === method ? new Promise<never>(() => undefined) : Promise.resolve();
    const { shard, gateway, clock, events } = virtualShard({
      sessionStore: {
        load: (shardId) => asked('load').then(() => memory.load(shardId)),
        claim: () => asked('claim').then(() => ({ fence: 1, release: async () => undefined })),
        save: (session) => asked('save').then(() => memory.save(session)),
        clear: (shardId) => memory.clear(shardId),
      },
    });
    const connected = shard.connect();
    await clock.advanceAsync(10_100);
    await connected;
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(60_000);
    expect(events.faults).toEqual(Array.from({ length: faults }, () => 'SESSION_STORE_FAILED'));
    isSilent = false;
    gateway.dispatch('MESSAGE_CREATE');
    await clock.advanceAsync(20_000);
    expect(await memory.load(0)).toMatchObject({ sessionId: shard.session?.sessionId, sequence: 3 });
  });

  const OWN: Session = { sessionId: 'own', resumeUrl: 'wss://resume.test', sequence: 1, shardId: 0, shardCount: 1 };

  test.each(['fails', 'is never answered'] as const)(
    '105. a shard does not resume a session that another process had when a later claim %s',
    async (how) => {
      const sessionStore = Object.assign(new MemorySessionStore(), { claim: silentSince(how) });
      const { shard, gateway, clock } = virtualShard({ session: OWN, sessionStore });
      const ended = shard.connect().catch(codeOf);
      await clock.advanceAsync(60_000);
      expect(await ended).toBe('SESSION_IN_USE');
      expect(gateway.sockets).toEqual([]);
    },
  );

  test.each(['fails', 'is never answered'] as const)(
    '105. a manager does not start shards that another process had when a later claim %s',
    async (how) => {
      const sessionStore = Object.assign(new MemorySessionStore(), { claim: silentSince(how) });
      const { manager, gateway, clock } = virtualManager({}, { sessionStore });
      const ended = manager.connect().catch(codeOf);
      await clock.advanceAsync(60_000);
      expect(await ended).toBe('SESSION_IN_USE');
      expect(gateway.sockets).toEqual([]);
    },
  );
});
