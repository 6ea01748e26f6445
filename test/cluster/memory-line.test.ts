/** What tests and the simulator can do to the memory engine: cut it off, slow it down, lose answers, and turn it back. */
import { describe, expect, test } from 'vitest';
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import type { EngineConnection } from '../../src/cluster/ports/engine.ts';
import type { Lease, Member, Ownership } from '../../src/cluster/ports/ownership.ts';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { memoryEngine } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const TTL_MS = 12_000;
const BOUNDS = { maxLength: 100, maxAgeMs: 60_000 };
const unavailable = expect.objectContaining({ code: 'ENGINE_UNAVAILABLE' });

const sessionOf = (sequence: number) => ({
  sessionId: 'session',
  resumeUrl: 'wss://gateway.example',
  sequence,
  shardId: 0,
  shardCount: 1,
});

/** One process with a way of its own to the engine. */
class Process {
  readonly line: MemoryLine;
  readonly reports: string[] = [];
  readonly member: Member;
  connection!: EngineConnection;

  constructor(server: MemoryServer, name: string) {
    this.line = new MemoryLine(server);
    this.member = { name, instance: name };
  }

  async open(signal?: AbortSignal): Promise<this> {
    const report = (error: GatewayError): void => void this.reports.push(error.code);
    this.connection = await this.line.open({ ...(signal === undefined ? {} : { signal }), report });
    return this;
  }

  get shards(): Ownership {
    return this.connection.ownership({ kind: 'shards' });
  }

  async claim(): Promise<Lease> {
    return (await this.shards.claim(0, this.member))!;
  }
}

async function world(...names: string[]) {
  const clock = new VirtualClock();
  const server = new MemoryServer({ leaseTtlMs: TTL_MS, clock });
  const processes = await Promise.all(names.map((name) => new Process(server, name).open()));
  for (const { shards, member } of processes) await shards.join(member);
  await processes[0]?.connection.agree({ total: 1 });
  await clock.advanceAsync(TTL_MS / 2);
  return { clock, server, processes: processes as [Process, Process] };
}

describe('a line to the memory engine', () => {
  test('rejects calls of a node that is cut off, reports it once an outage, and lets the others be', async () => {
    const { processes } = await world('a', 'b');
    const [a, b] = processes;
    const changes: boolean[] = [];
    a.connection.onReachableChange((isReachable) => changes.push(isReachable));
    a.line.set({ isCut: true });
    await expect(a.connection.plan()).rejects.toEqual(unavailable);
    await expect(a.shards.view()).rejects.toEqual(unavailable);
    await expect(b.connection.plan()).resolves.toEqual({ total: 1 });
    a.line.set({ isCut: false });
    await expect(a.connection.plan()).resolves.toEqual({ total: 1 });
    a.line.set({ isCut: true });
    expect(a.reports).toEqual(['ENGINE_UNAVAILABLE', 'ENGINE_UNAVAILABLE']);
    expect(changes).toEqual([false, true, false]);
    expect([a.connection.isReachable, b.connection.isReachable, b.reports]).toEqual([false, true, []]);
  });

  test('rejects the calls of all nodes while the engine is stopped, and keeps what it knows', async () => {
    const { processes, server } = await world('a', 'b');
    server.stop();
    for (const { connection } of processes) await expect(connection.plan()).rejects.toEqual(unavailable);
    server.start();
    for (const { connection } of processes) await expect(connection.plan()).resolves.toEqual({ total: 1 });
  });

  test('opens when the engine can be reached, and reports once that it waits', async () => {
    const { server, clock } = await world();
    server.stop();
    const waiting = new Process(server, 'late');
    const opened = waiting.open();
    await clock.advanceAsync(60_000);
    expect(waiting.reports).toEqual(['ENGINE_UNAVAILABLE']);
    server.start();
    await expect((await opened).connection.plan()).resolves.toBeNull();
  });

  test('rejects open() with ABORTED while it waits', async () => {
    const { server } = await world();
    server.stop();
    const abort = new AbortController();
    const opened = new Process(server, 'late').open(abort.signal);
    abort.abort('no longer');
    await expect(opened).rejects.toEqual(expect.objectContaining({ code: 'ABORTED', cause: 'no longer' }));
  });

  test('rejects a call whose answer is lost, although it had its effect', async () => {
    const { processes } = await world('a', 'b');
    const [a, b] = processes;
    a.line.set({ losesAnswers: true });
    await expect(a.shards.claim(0, a.member)).rejects.toEqual(unavailable);
    a.line.set();
    expect((await b.shards.view()).shards[0]?.owner).toBe('a');
    expect((await a.claim()).instance).toBe('a');
    expect(a.connection.isReachable).toBe(true);
  });

  test('answers late, in the order of the calls', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a] = processes;
    const order: string[] = [];
    a.line.set({ requestDelayMs: 100, answerDelayMs: 200 });
    void a.connection.plan().then(() => order.push('slow'));
    a.line.set({ requestDelayMs: 0, answerDelayMs: 0 });
    void a.connection.plan().then(() => order.push('fast'));
    await clock.advanceAsync(99);
    expect(order).toEqual([]);
    await clock.advanceAsync(1);
    expect(order).toEqual(['slow', 'fast']);
    a.line.set({ requestDelayMs: 100, answerDelayMs: 200 });
    void a.connection.plan().then(() => order.push('late'));
    await clock.advanceAsync(299);
    expect(order).toHaveLength(2);
    await clock.advanceAsync(1);
    expect(order).toEqual(['slow', 'fast', 'late']);
  });

  test('lets a write arrive after its node was cut off, and refuses it if the shard has another owner', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    const lease = await a.claim();
    await a.connection.journal.open(lease, sessionOf(1), [], BOUNDS);
    await b.shards.join(b.member);
    a.line.set({ requestDelayMs: TTL_MS + 5_000 });
    const commit = { sessionId: 'session', base: 1, sequence: 9, entries: [], bounds: BOUNDS };
    const late = a.connection.journal.commit(lease, commit);
    a.line.set({ isCut: true });
    await expect(late).rejects.toEqual(unavailable);
    await clock.advanceAsync(TTL_MS / 2);
    await b.shards.join(b.member);
    await clock.advanceAsync(TTL_MS / 2);
    const next = await b.claim();
    await clock.advanceAsync(5_000);
    expect(await b.connection.journal.load(next)).toEqual(sessionOf(1));
  });

  test('uses no permit whose answer came so late that the engine may have given the next', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    const [lease, limit] = [await a.claim(), { total: 9, remaining: 9, resetAfterMs: 60_000, maxConcurrency: 1 }];
    await a.connection.identifyGate.update(limit, 0);
    const grants: string[] = [];
    const { signal } = new AbortController();
    a.line.set({ answerDelayMs: 6_000 });
    const acquire = ({ connection, member }: Process, shardId: number, more: { lease?: Lease }): void =>
      void connection.identifyGate.acquire({ shardId, signal, ...more }).then((permit) => {
        grants.push(`${member.name} ${clock.now() - startedAt}`);
        permit.sent();
      });
    const startedAt = clock.now();
    acquire(a, 0, { lease });
    await clock.advanceAsync(7_000);
    acquire(b, 1, {});
    await clock.advanceAsync(5_500);
    a.line.set({ answerDelayMs: 0 });
    await clock.advanceAsync(60_000);
    expect(grants).toHaveLength(2);
    expect(grants[0]).toMatch(/^b /);
    expect(grants[1]).toMatch(/^a /);
    const [first = 0, second = 0] = grants.map((grant) => Number(grant.split(' ')[1]));
    expect(second - first).toBeGreaterThanOrEqual(5_000);
  });

  test('drops what is on its way when the engine stops', async () => {
    const { processes, server, clock } = await world('a', 'b');
    const [a, b] = processes;
    a.line.set({ requestDelayMs: 100 });
    const claim = a.claim();
    server.stop();
    await expect(claim).rejects.toEqual(unavailable);
    await clock.advanceAsync(100);
    server.start();
    expect((await b.shards.view()).shards[0]?.owner).toBeNull();
  });

  test('calls those who wait for changes after an outage, because they may have missed one', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    let calls = 0;
    a.shards.changes(() => (calls += 1));
    a.line.set({ isCut: true });
    await b.claim();
    await clock.advanceAsync(0);
    expect(calls).toBe(0);
    a.line.set({ isCut: false });
    expect(calls).toBe(1);
  });

  test('calls no listener that was removed before the news arrived', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    let calls = 0;
    const end = a.shards.changes(() => (calls += 1));
    const claim = b.claim();
    end();
    await claim;
    await clock.advanceAsync(0);
    expect(calls).toBe(0);
  });

  test('ends the wait for commands with a rejection when it is cut off', async () => {
    const { processes } = await world('a', 'b');
    const [a] = processes;
    const lease = await a.claim();
    const { signal } = new AbortController();
    const waiting = a.connection.commands.wait([lease], { timeoutMs: 60_000, signal });
    await Promise.resolve();
    a.line.set({ isCut: true });
    await expect(waiting).rejects.toEqual(unavailable);
  });

  test('knows what it knew when an older state is put back, and names the leases that are newer', async () => {
    const { processes, server, clock } = await world('a', 'b');
    const [a, b] = processes;
    const old = await a.claim();
    await a.connection.journal.open(old, sessionOf(1), [], BOUNDS);
    const snapshot = server.snapshot();
    await a.shards.release(old);
    const lease = await b.claim();
    await b.connection.journal.commit(lease, {
      sessionId: 'session',
      base: 1,
      sequence: 5,
      entries: [],
      bounds: BOUNDS,
    });
    server.restore(snapshot);
    expect(await b.shards.renew(b.member, [lease], { isDraining: false })).toEqual({ fenced: [], forgotten: [0] });
    expect(await b.shards.restore(lease, sessionOf(5))).toBe(true);
    expect(await b.connection.journal.load(lease)).toEqual(sessionOf(1));
    await expect(a.connection.journal.load(old)).rejects.toEqual(expect.objectContaining({ code: 'FENCED' }));
    await clock.advanceAsync(0);
  });

  test('lets requests at the identify gate wait while it is cut off, and asks again', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    const limit = { total: 1_000, remaining: 1_000, resetAfterMs: 86_400_000, maxConcurrency: 1 };
    await a.connection.identifyGate.update(limit, 0);
    const granted: string[] = [];
    const ask = (process: Process, shardId: number): void =>
      void process.connection.identifyGate
        .acquire({ shardId, signal: new AbortController().signal })
        .then(() => granted.push(process.member.name));
    a.line.set({ isCut: true });
    ask(a, 0);
    ask(b, 1);
    await clock.advanceAsync(10_000);
    expect(granted).toEqual(['b']);
    a.line.set({ isCut: false });
    await clock.advanceAsync(10_000);
    expect(granted).toEqual(['b', 'a']);
  });

  test('takes the request of a node that is cut off out of the queue', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    const limit = { total: 1_000, remaining: 1_000, resetAfterMs: 86_400_000, maxConcurrency: 1 };
    await a.connection.identifyGate.update(limit, 0);
    const { signal } = new AbortController();
    const holder = await b.connection.identifyGate.acquire({ shardId: 0, signal });
    void a.connection.identifyGate.acquire({ shardId: 1, signal });
    await clock.advanceAsync(0);
    expect(b.connection.identifyGate.waiting).toBe(1);
    a.line.set({ isCut: true });
    await clock.advanceAsync(0);
    expect(b.connection.identifyGate.waiting).toBe(0);
    holder.release();
  });

  test('counts the spacing from an IDENTIFY whose permit had expired', async () => {
    const { processes, clock } = await world('a', 'b');
    const [a, b] = processes;
    const limit = { total: 1_000, remaining: 10, resetAfterMs: 86_400_000, maxConcurrency: 1 };
    await a.connection.identifyGate.update(limit, 0);
    const { signal } = new AbortController();
    const slow = await a.connection.identifyGate.acquire({ shardId: 0, signal });
    await clock.advanceAsync(6_000);
    slow.sent();
    let isGranted = false;
    void b.connection.identifyGate.acquire({ shardId: 1, signal }).then(() => (isGranted = true));
    await clock.advanceAsync(5_249);
    expect(isGranted).toBe(false);
    await clock.advanceAsync(1);
    expect(isGranted).toBe(true);
    expect(a.connection.identifyGate.budget?.remaining).toBe(8);
  });
});

test('the identify gate takes another spacing, of which a fifth has to be left when a permit is used', async () => {
  const clock = new VirtualClock();
  const server = new MemoryServer({ leaseTtlMs: TTL_MS, clock, identifySpacingMs: 1_000 });
  const { line, connection } = await new Process(server, 'a').open();
  const { identifyGate } = connection;
  await identifyGate.update({ total: 1_000, remaining: 10, resetAfterMs: 86_400_000, maxConcurrency: 1 }, 0);
  const grantedAt: number[] = [];
  const startedAt = clock.now();
  const ask = (): void =>
    void identifyGate.acquire({ shardId: 0, signal: new AbortController().signal }).then((permit) => {
      grantedAt.push(clock.now() - startedAt);
      permit.sent();
    });
  ask();
  ask();
  await clock.advanceAsync(3_000);
  expect(grantedAt).toEqual([1_250, 2_500]);

  line.set({ answerDelayMs: 1_051 });
  ask();
  await clock.advanceAsync(20_000);
  expect(grantedAt).toHaveLength(2);
  line.set({ answerDelayMs: 500 });
  await clock.advanceAsync(10_000);
  expect(grantedAt).toHaveLength(3);
});

describe('the identify gate of an engine that was emptied', () => {
  const LIMIT = { total: 1_000, remaining: 10, resetAfterMs: 86_400_000, maxConcurrency: 1 };
  const { signal } = new AbortController();

  test('counts an IDENTIFY whose permit it has forgotten', async () => {
    const { processes, clock, server } = await world('a', 'b');
    const [a, b] = processes;
    await a.connection.identifyGate.update(LIMIT, 0);
    await b.connection.identifyGate.update(LIMIT, 0);
    const permit = await a.connection.identifyGate.acquire({ shardId: 0, signal });
    server.empty();
    let isGranted = false;
    void b.connection.identifyGate.acquire({ shardId: 1, signal }).then(() => (isGranted = true));
    await clock.advanceAsync(4_000);
    permit.sent();
    await clock.advanceAsync(5_249);
    expect(isGranted).toBe(false);
    await clock.advanceAsync(1);
    expect(isGranted).toBe(true);
  });

  test('grants no permit for one spacing after an older state was put back', async () => {
    const { processes, clock, server } = await world('a', 'b');
    const [a] = processes;
    await a.connection.identifyGate.update(LIMIT, 0);
    await clock.advanceAsync(60_000);
    const snapshot = server.snapshot();
    const permit = await a.connection.identifyGate.acquire({ shardId: 0, signal });
    permit.sent();
    server.restore(snapshot);
    let isGranted = false;
    void a.connection.identifyGate.acquire({ shardId: 1, signal }).then(() => (isGranted = true));
    await clock.advanceAsync(5_249);
    expect(isGranted).toBe(false);
    await clock.advanceAsync(1);
    expect(isGranted).toBe(true);
  });

  test('has the requests again that wait, and notifies each of a spent budget once', async () => {
    const { processes, clock, server } = await world('a', 'b');
    const { identifyGate } = processes[0].connection;
    await identifyGate.update({ ...LIMIT, remaining: 0 }, 0);
    let notices = 0;
    void identifyGate.acquire({ shardId: 0, signal, onBudgetSpent: () => (notices += 1) });
    await clock.advanceAsync(0);
    server.empty();
    expect(identifyGate.waiting).toBe(0);
    await clock.advanceAsync(10_000);
    expect([identifyGate.waiting, notices]).toEqual([1, 1]);
  });
});

describe('memoryEngine()', () => {
  test('shares its state with everything that opens it', async () => {
    const clock = new VirtualClock();
    const engine = memoryEngine({ clock });
    const [first, second] = [await engine.open({ report: () => {} }), await engine.open({ report: () => {} })];
    await first.agree({ total: 4 });
    expect(await second.plan()).toEqual({ total: 4 });
    expect([engine.kind, engine.leaseTtlMs]).toEqual(['memory', 12_000]);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '12'])('refuses a leaseTtlMs of %s', (leaseTtlMs) => {
    expect(() => memoryEngine({ leaseTtlMs: leaseTtlMs as number })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });
});
