/** On virtual time and without a thread: what the mirror asks of its thread is recorded. */
import { describe, expect, test, vi } from 'vitest';
import { DEFAULT_TIMING } from '../../../../machines/index.ts';
import { MemorySessionStore } from '../../../../src/index.ts';
import type { Session } from '../../../../src/index.ts';
import { ShardMirror } from '../../../../src/manager/workers/main/shard-mirror.ts';
import { serializeError } from '../../../../src/manager/workers/wire/serialized-error.ts';
import { GatewayError } from '../../../../src/protocol/errors.ts';
import { silentLogger } from '../../../../src/shard/logger.ts';
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts';

const STABLE_AFTER_MS = 10_000;
const session = (sessionId: string): Session => ({
  sessionId,
  sequence: 1,
  shardId: 0,
  shardCount: 1,
  resumeUrl: 'wss://resume.example',
});

/** With a listener that reads the data of every dispatch. */
function createMirror({ logger = silentLogger } = {}) {
  const clock = new VirtualClock();
  const rewinds: number[] = [];
  const faults: string[] = [];
  const delivered: (number | null)[] = [];
  const thread = { isAttached: true };
  const mirror = new ShardMirror({
    shardId: 0,
    store: new MemorySessionStore(),
    logger,
    clock,
    timing: { ...DEFAULT_TIMING, stableAfterMs: STABLE_AFTER_MS },
    rewind: (sequence) => {
      if (thread.isAttached) rewinds.push(sequence);
      return thread.isAttached;
    },
    onFailed: () => undefined,
  });
  mirror.emitter.on('fault', ({ code }) => faults.push(code));
  mirror.emitter.on('dispatch', ({ s, d }) => delivered.push(d === undefined ? null : s));
  mirror.apply({ kind: 'session', session: session('first') });
  return {
    clock,
    mirror,
    thread,
    rewinds,
    faults,
    delivered,
    receive: (s: number | null, data = '{}'): void =>
      mirror.applyDispatch(Buffer.from(`{"t":"X","s":${s},"op":0,"d":${data}}`), s, clock.now()),
  };
}

const CORRUPT = '{"id":oops}';

describe('ShardMirror', () => {
  test('drops dispatches from a rewind until the thread answers it', () => {
    const { mirror, receive, rewinds, delivered, faults } = createMirror();
    receive(2);
    receive(3, CORRUPT);
    receive(4);
    expect(mirror.session?.sequence).toBe(2);
    mirror.apply({ kind: 'rewound' });
    receive(3);
    receive(4);
    expect(rewinds).toEqual([2]);
    expect(delivered).toEqual([2, 3, 4]);
    expect(faults).toEqual(['DECODE_FAILED']);
  });

  test('delivers the dispatches of the next thread if a listener closed the shard during a corrupt dispatch', () => {
    const { mirror, thread, receive, rewinds, delivered } = createMirror();
    const close = (): void => {
      thread.isAttached = false;
      mirror.markDisconnected({ code: 4000, reason: '', initiator: 'shard' });
    };
    mirror.emitter.on('fault', close);
    receive(2, CORRUPT);
    mirror.emitter.off('fault', close);
    thread.isAttached = true;

    expect(mirror.session?.sequence).toBe(1);
    receive(2);
    expect(rewinds).toEqual([]);
    expect(delivered).toEqual([2]);
  });

  test('asks for one rewind at a time, so that no dispatch comes twice', () => {
    const { mirror, receive, rewinds, faults } = createMirror();
    receive(2, CORRUPT);
    mirror.onMessageFailed(new Error('ours'));
    expect(rewinds).toEqual([1]);
    expect(faults).toEqual(['DECODE_FAILED', 'INTERNAL_ERROR']);
  });

  test('goes on after a dispatch that fails the second time, also in the next session', () => {
    const { mirror, receive, rewinds, delivered } = createMirror();
    receive(2, CORRUPT);
    mirror.apply({ kind: 'rewound' });
    receive(2, CORRUPT);
    receive(3);
    expect(rewinds).toEqual([1]);
    expect(delivered).toEqual([3]);
    mirror.apply({ kind: 'session', session: session('second') });
    receive(2, CORRUPT);
    expect(rewinds).toEqual([1, 1]);
  });

  test.each([
    ['without a sequence', () => null],
    ['with ever new sequences', (n: number) => n + 2],
  ])('resumes at most four times in a row for corrupt dispatches %s', (_, sequenceOf) => {
    const { clock, mirror, receive, rewinds, faults } = createMirror();
    for (let n = 0; n < 20; n += 1) {
      receive(sequenceOf(n), CORRUPT);
      mirror.apply({ kind: 'rewound' });
      clock.advance(STABLE_AFTER_MS / 2);
    }
    expect(rewinds.length).toBe(4);
    expect(faults.length).toBe(20);
    clock.advance(STABLE_AFTER_MS);
    receive(sequenceOf(20), CORRUPT);
    expect(rewinds.length).toBe(5);
  });

  test('reports an error of our own during a dispatch as a fault, and resumes before it', () => {
    const { mirror, receive, rewinds, faults, delivered } = createMirror();
    vi.spyOn(mirror.emitter, 'emitDispatch').mockImplementationOnce(() => {
      throw new TypeError('ours');
    });
    receive(2);
    mirror.apply({ kind: 'rewound' });
    receive(2);
    expect(faults).toEqual(['INTERNAL_ERROR']);
    expect(rewinds).toEqual([1]);
    expect(delivered).toEqual([2]);
  });

  test('resumes before a dispatch that could not be sent from its thread', () => {
    const { mirror, receive, rewinds, faults, delivered } = createMirror();
    receive(2);
    mirror.apply({
      kind: 'undelivered',
      sequence: 3,
      error: serializeError(new GatewayError('WORKER_FAILED', 'too deep')),
    });
    receive(4);
    mirror.apply({ kind: 'rewound' });
    receive(3);
    receive(4);
    expect(faults).toEqual(['WORKER_FAILED']);
    expect(rewinds).toEqual([2]);
    expect(delivered).toEqual([2, 3, 4]);
  });
});
