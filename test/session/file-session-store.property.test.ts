/** The file store against a Map: whatever is called in whatever order, awaited or not, they agree. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { FileSessionStore } from '../../src/session/file-session-store.ts';
import type { Session } from '../../src/session/session.ts';
import { aSession } from '../kit/session-store-conformance.ts';

const SHARDS = [0, 1, 2];

interface Step {
  readonly call: 'save' | 'load' | 'clear';
  readonly shardId: number;
  readonly sequence: number;
  /** Whether the next call waits for this one. */
  readonly awaited: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    call: fc.constantFrom('save', 'save', 'load', 'clear'),
    shardId: fc.constantFrom(...SHARDS),
    sequence: fc.nat(),
    awaited: fc.boolean(),
  }),
  { maxLength: 25 },
);

/** What each `load` gave, in the order of the calls; `undefined` for the others. */
async function play(store: FileSessionStore, script: readonly Step[]): Promise<unknown[]> {
  const results: Promise<unknown>[] = [];
  for (const { call, shardId, sequence, awaited } of script) {
    const result = call === 'save' ? store.save(aSession({ shardId, sequence })) : store[call](shardId);
    results.push(result);
    if (awaited) await result;
  }
  return Promise.all(results);
}

function playOnMap(sessions: Map<number, Session>, script: readonly Step[]): unknown[] {
  return script.map(({ call, shardId, sequence }) => {
    if (call === 'load') return sessions.get(shardId) ?? null;
    if (call === 'save') sessions.set(shardId, aSession({ shardId, sequence }));
    else sessions.delete(shardId);
    return undefined;
  });
}

it('agrees with a Map after any calls in any order, and leaves just the files of what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const directory = await mkdtemp(join(tmpdir(), 'session-store-'));
      try {
        const sessions = new Map<number, Session>();
        const expected = playOnMap(sessions, script);
        expect(await play(new FileSessionStore(directory), script)).toEqual(expected);
        const reopened = new FileSessionStore(directory);
        const stored = await Promise.all(SHARDS.map((shardId) => reopened.load(shardId)));
        expect(stored).toEqual(SHARDS.map((shardId) => sessions.get(shardId) ?? null));
        const files = [...sessions.keys()].map((shardId) => `shard-${shardId}.json`);
        expect((await readdir(directory)).toSorted()).toEqual(files.toSorted());
      } finally {
        await rm(directory, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
