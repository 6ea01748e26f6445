/** What the reference client of the fuzzer expects where a real client may do one thing or another. */
import { describe, expect, test } from 'vitest';
import { ReferenceClient } from '../../fuzz/reference-client.ts';
import type { ReferenceOptions } from '../../fuzz/reference-client.ts';

const READY = Buffer.from('{"t":"READY","s":1,"op":0,"d":{"session_id":"one"}}');
/** Its data looks whole, so only who reads them finds that they are broken. */
const brokenAt = (s: number): Buffer => Buffer.from(`{"t":"FUZZ_1","s":${s},"op":0,"d":{"a":1,}}`);

function clientWith(options: Partial<ReferenceOptions> = {}): ReferenceClient {
  const client = new ReferenceClient({
    wants: () => true,
    hasRaw: false,
    hasThreads: false,
    readsLater: false,
    maxResumeAttempts: 4,
    ...options,
  });
  client.receive(READY);
  return client;
}

describe('ReferenceClient with threads', () => {
  test('lets a thread resume from a dispatch that the manager found broken, until the manager resumes from before it', () => {
    const client = clientWith({ hasThreads: true });
    expect(client.receive(brokenAt(2))).toBe('broken');
    expect(client.awaitsRewind).toBe(true);
    expect(client.isBeforeRewind(2)).toBe(true);
    expect(client.isBeforeRewind(1)).toBe(false);
    expect(client.mayResumeFrom(2)).toBe(false);
    client.startReplay(1);
    expect(client.awaitsRewind).toBe(false);
    expect(client.isBeforeRewind(2)).toBe(false);
  });

  test('lets only a thread do that', () => {
    const client = clientWith();
    expect(client.receive(brokenAt(2))).toBe('broken');
    expect(client.awaitsRewind).toBe(false);
    expect(client.isBeforeRewind(2)).toBe(false);
  });
});

describe('ReferenceClient with a limit of failed resumes', () => {
  const UNREADABLE = Buffer.from('this is no JSON');
  const RESUMED = Buffer.from('{"t":"RESUMED","s":2,"op":0,"d":{}}');

  test('gives the session up after as many failed resumes, and after one more unreadable message', () => {
    const inReplays = clientWith({ maxResumeAttempts: 2 });
    const afterResumed = clientWith({ maxResumeAttempts: 2 });
    const ends = [inReplays, afterResumed].map((client) => {
      client.receive(UNREADABLE);
      const isGivenUp = [client.endConnection()];
      while (!isGivenUp.includes(true) && isGivenUp.length < 10) {
        client.startReplay(1);
        if (client === afterResumed) client.receive(RESUMED);
        client.receive(UNREADABLE);
        isGivenUp.push(client.endConnection());
      }
      return isGivenUp;
    });
    expect(ends).toEqual([
      [false, false, true],
      [false, false, true],
    ]);
    expect([inReplays, afterResumed].map(({ sessionId }) => sessionId)).toEqual([null, null]);
    expect(inReplays.faults).toEqual({ DECODE_FAILED: 3, DISPATCH_SKIPPED: 0, RESUMES_EXHAUSTED: 1 });
  });

  test('a dispatch whose sequence can be read does not count as unreadable', () => {
    const client = clientWith({ maxResumeAttempts: 1 });
    for (let times = 0; times < 4; times += 1) {
      client.receive(brokenAt(3));
      expect(client.endConnection()).toBe(false);
      client.startReplay(1);
      client.receive(RESUMED);
    }
    expect(client.faults).toEqual({ DECODE_FAILED: 3, DISPATCH_SKIPPED: 1, RESUMES_EXHAUSTED: 0 });
  });
});

describe('ReferenceClient of a reader that reads later', () => {
  test('expects a dispatch whose data can not be read, and a resume from behind it', () => {
    const client = clientWith({ readsLater: true });
    expect(client.receive(brokenAt(2))).toBe('broken');
    expect(client.expected.map(({ t, s, isBroken }) => [t, s, isBroken === true])).toEqual([
      ['READY', 1, false],
      ['FUZZ_1', 2, true],
    ]);
    expect(client.mayResumeFrom(2)).toBe(true);
  });
});
