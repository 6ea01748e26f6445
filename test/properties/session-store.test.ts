/** Compares session stores with a Map, through crashes, foreign files and other processes in the same directory. */
import { deepEqual, ok } from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GatewayError } from '../../src/protocol/errors.ts';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import { MemorySessionStore } from '../../src/session/memory-session-store.ts';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { checkProperty, runScript, script, step } from './kit.ts';

const SHARDS = [0, 1, 2];

interface Call {
  readonly shardId: number;
  readonly expected: unknown;
  readonly result: Promise<unknown>;
}

/** Stores over one place, and a Map with the expected content. `unreadable` is a file that no store has written. */
class SessionStoreModel<Store extends SessionStore = SessionStore> {
  readonly stores: Store[];
  readonly sessions = new Map<number, Session | 'unreadable'>();
  #calls: (Call & { readonly store: Store })[] = [];

  constructor(...stores: Store[]) {
    this.stores = stores;
  }

  store(which: number): Store {
    return this.stores[which % this.stores.length]!;
  }

  async call(which: number, shardId: number, what: 'load' | 'clear' | Session): Promise<void> {
    const store = this.store(which);
    // Calls to one store keep their order. Concurrent calls to two stores have none.
    if (this.#calls.some((call) => call.shardId === shardId && call.store !== store)) await this.settle();
    const expected = what === 'load' ? (this.sessions.get(shardId) ?? null) : undefined;
    if (what === 'clear') this.sessions.delete(shardId);
    else if (what !== 'load') this.sessions.set(shardId, what);
    const result = what === 'load' ? store.load(shardId) : what === 'clear' ? store.clear(shardId) : store.save(what);
    this.#calls.push({
      store,
      shardId,
      expected,
      result: result.catch(({ code }: GatewayError) => (code === 'SESSION_STORE_FAILED' ? 'unreadable' : code)),
    });
  }

  async settle(): Promise<void> {
    const calls = this.#calls;
    this.#calls = [];
    deepEqual(
      await Promise.all(calls.map(({ result }) => result)),
      calls.map(({ expected }) => expected),
    );
  }

  /** Checks that all stores see the expected content. */
  async check(): Promise<void> {
    await this.settle();
    for (const which of this.stores.keys()) {
      for (const shardId of SHARDS) await this.call(which, shardId, 'load');
    }
    await this.settle();
  }
}

class FileSessionStoreModel extends SessionStoreModel<FileSessionStore> {
  readonly directory: string;

  constructor(directory: string) {
    super(new FileSessionStore(directory), new FileSessionStore(directory));
    this.directory = directory;
  }

  pathOf(shardId: number): string {
    return join(this.directory, `shard-${shardId}.json`);
  }

  /** A killed process leaves a partly written temporary file. */
  async crash(which: number, session: Session, bytes: number): Promise<void> {
    await this.settle();
    const text = JSON.stringify(session);
    await writeFile(`${this.pathOf(session.shardId)}.${bytes}.tmp`, text.slice(0, bytes));
    this.stores[which % this.stores.length] = new FileSessionStore(this.directory);
  }

  async overwrite(shardId: number, text: string): Promise<void> {
    await this.settle();
    await writeFile(this.pathOf(shardId), text);
    this.sessions.set(shardId, 'unreadable');
  }

  /** Two processes save at the same time: the file of one of them wins, as a whole. */
  async race(one: Session, other: Session): Promise<void> {
    await this.settle();
    await Promise.all([this.store(0).save(one), this.store(1).save(other)]);
    const winner = await this.store(0).load(one.shardId);
    ok(
      [one, other].some((session) => JSON.stringify(session) === JSON.stringify(winner)),
      'neither of the two sessions is stored',
    );
    this.sessions.set(one.shardId, winner!);
  }
}

const which = fc.nat({ max: 1 });
const shardIds = fc.constantFrom(...SHARDS);
const sessions = shardIds.chain((shardId) =>
  fc.record<Session>(
    {
      sessionId: fc.oneof(fc.constantFrom('日本 é 🎉', '\u0000', '"\\', '\ud800'), fc.nat().map(String)),
      resumeUrl: fc.constantFrom('wss://resume.test', 'ws://127.0.0.1:1/path?query=1'),
      sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      shardId: fc.constant(shardId),
      shardCount: fc.integer({ min: 3, max: 16 }),
    },
    { noNullPrototype: true },
  ),
);

const stepsOf = <W extends SessionStoreModel>(): fc.Arbitrary<fc.AsyncCommand<W, W>>[] => [
  fc
    .tuple(which, sessions)
    .map(([store, session]) =>
      step<W>(`store ${store} saves ${JSON.stringify(session)}`, (model) =>
        model.call(store, session.shardId, session),
      ),
    ),
  fc
    .tuple(which, sessions)
    .map(([store, session]) =>
      step<W>(`store ${store} saves ${JSON.stringify(session)}`, (model) =>
        model.call(store, session.shardId, session),
      ),
    ),
  fc
    .tuple(which, shardIds)
    .map(([store, shardId]) =>
      step<W>(`store ${store} loads ${shardId}`, (model) => model.call(store, shardId, 'load')),
    ),
  fc
    .tuple(which, shardIds)
    .map(([store, shardId]) =>
      step<W>(`store ${store} clears ${shardId}`, (model) => model.call(store, shardId, 'clear')),
    ),
  fc.constant(step<W>('everything settles', (model) => model.settle())),
];

const foreignTexts = fc.oneof(
  fc.constantFrom('', '{}', 'null', '[]', '{"sessionId":"x"}', '\u0000'),
  fc
    .tuple(sessions, fc.nat())
    .map(([session, cut]) => JSON.stringify(session).slice(0, cut % JSON.stringify(session).length)),
);
const fileSteps = [
  ...stepsOf<FileSessionStoreModel>(),
  fc
    .tuple(which, sessions, fc.nat({ max: 80 }))
    .map(([store, session, bytes]) =>
      step<FileSessionStoreModel>(`store ${store} dies after ${bytes} bytes of shard ${session.shardId}`, (model) =>
        model.crash(store, session, bytes),
      ),
    ),
  fc
    .tuple(shardIds, foreignTexts)
    .map(([shardId, text]) =>
      step<FileSessionStoreModel>(`another program writes ${JSON.stringify(text)} for shard ${shardId}`, (model) =>
        model.overwrite(shardId, text),
      ),
    ),
  sessions
    .filter(({ shardId }) => shardId === 0)
    .map((session) =>
      step<FileSessionStoreModel>(`another program copies the file of shard 0 to shard 1`, (model) =>
        model.overwrite(1, JSON.stringify(session)),
      ),
    ),
  fc
    .tuple(sessions, sessions)
    .map(([one, other]) =>
      step<FileSessionStoreModel>(`both stores save shard ${one.shardId}`, (model) =>
        model.race(one, { ...other, shardId: one.shardId }),
      ),
    ),
];

describe('the content', () => {
  test('of MemorySessionStore agrees with a Map for any calls in any order', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(stepsOf(), 40), async (commands) => {
        const model = new SessionStoreModel(new MemorySessionStore());
        await runScript(model, commands);
        await model.check();
      }),
      100,
    );
    expect(runs).toBe(100);
  });

  test('of two FileSessionStores over one directory agrees with a Map, and leaves no other files', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(fileSteps, 25), async (commands) => {
        const directory = await mkdtemp(join(tmpdir(), 'session-store-'));
        try {
          const model = new FileSessionStoreModel(directory);
          await runScript(model, commands);
          await model.check();
          const files = (await readdir(directory)).filter((name) => !/\.json\.\d+\.tmp$/.test(name));
          deepEqual(files.toSorted(), [...model.sessions.keys()].map((shardId) => `shard-${shardId}.json`).toSorted());
        } finally {
          await rm(directory, { recursive: true });
        }
      }),
      40,
    );
    expect(runs).toBe(40);
  });
});
