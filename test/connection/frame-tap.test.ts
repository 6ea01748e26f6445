import { describe, expect, test } from 'vitest';
import type { DispatchCounts } from '../../src/connection/dispatch-counter.ts';
import { FrameTap } from '../../src/connection/frame-tap.ts';
import type { FrameHead } from '../../src/connection/frame-tap.ts';

const packet = { op: 0, t: 'MESSAGE_CREATE', s: 4, d: {} };

function observed(onThrow: (cause: unknown) => void = () => undefined) {
  const time = { now: 1_000, reads: 0 };
  const now = (): number => {
    time.reads += 1;
    return time.now;
  };
  const tap = new FrameTap({ now }, onThrow);
  const shown: (FrameHead | DispatchCounts)[] = [];
  const observation = tap.add({
    onDispatches: (counts) => void shown.push(counts),
    onFrame: (head) => void shown.push(head),
  });
  return { tap, time, shown, flush: () => observation.flush(), stop: () => observation.stop() };
}

const SENT = { direction: 'out', op: 1, t: null, s: null, bytes: 8, resumable: null, delayMs: null };

describe('FrameTap', () => {
  test('counts dispatches by name until it is flushed', () => {
    const { tap, time, shown, flush } = observed();
    tap.received(packet, 90);
    tap.dispatch('MESSAGE_CREATE', 5, 10);
    tap.dispatch('TYPING_START', 6, 20);
    time.now += 250;
    flush();
    flush();
    const kinds = new Map([
      ['MESSAGE_CREATE', { count: 2, bytes: 100 }],
      ['TYPING_START', { count: 1, bytes: 20 }],
    ]);
    expect(shown).toEqual([{ periodMs: 250, count: 3, firstS: 4, lastS: 6, kinds }]);
  });

  test('begins with 0 again after a flush', () => {
    const { tap, shown, flush } = observed();
    tap.dispatch('MESSAGE_CREATE', 5, 10);
    tap.dispatch('TYPING_START', 6, 20);
    flush();
    tap.dispatch('TYPING_START', 7, 30);
    flush();
    const kinds = new Map([['TYPING_START', { count: 1, bytes: 30 }]]);
    expect(shown[1]).toEqual({ periodMs: 0, count: 1, firstS: 7, lastS: 7, kinds });
  });

  test('reads the clock only for the first dispatch of a count', () => {
    const { tap, time } = observed();
    for (let s = 1; s <= 100; s += 1) tap.dispatch('MESSAGE_CREATE', s, 10);
    expect(time.reads).toBe(1);
  });

  test('counts names that a gateway makes up as one kind when there are too many, and then the real ones again', () => {
    const { tap, shown, flush } = observed();
    for (let s = 1; s <= 600; s += 1) tap.dispatch(`NAME_${s}`, s, 1);
    flush();
    tap.dispatch('MESSAGE_CREATE', 601, 10);
    flush();
    const [many, next] = shown as DispatchCounts[];
    expect(many?.kinds.size).toBe(501);
    expect(many?.kinds.get('OTHER')).toEqual({ count: 100, bytes: 100 });
    expect([...next!.kinds.keys()]).toEqual(['MESSAGE_CREATE']);
  });

  test('shows READY, RESUMED and every other opcode as frames', () => {
    const { tap, shown } = observed();
    tap.received({ op: 0, t: 'READY', s: 1, d: {} }, 900);
    tap.received({ op: 9, t: null, s: null, d: true }, 30);
    tap.sent(1, '{"op":1,"d":"é"}');
    expect(shown).toEqual([
      { direction: 'in', op: 0, t: 'READY', s: 1, bytes: 900, resumable: null, delayMs: null },
      { direction: 'in', op: 9, t: null, s: null, bytes: 30, resumable: true, delayMs: null },
      { direction: 'out', op: 1, t: null, s: null, bytes: 17, resumable: null, delayMs: null },
    ]);
  });

  test('counts the dispatches before a frame before it', () => {
    const { tap, shown } = observed();
    tap.received(packet, 90);
    tap.sent(1, '{"op":1}');
    const kinds = new Map([['MESSAGE_CREATE', { count: 1, bytes: 90 }]]);
    expect(shown).toEqual([{ periodMs: 0, count: 1, firstS: 4, lastS: 4, kinds }, SENT]);
  });

  test('shows nothing of a packet without an opcode', () => {
    const { tap, shown, flush } = observed();
    tap.received({ op: 'x' as unknown as number, d: null }, 10);
    flush();
    expect(shown).toEqual([]);
  });

  test('removes an observer that throws, and reports it once', () => {
    const thrown: unknown[] = [];
    const { tap, shown } = observed((cause) => thrown.push(cause));
    const error = new Error('an observer of the user');
    const fail = (): never => {
      throw error;
    };
    tap.add({ onDispatches: fail, onFrame: fail });
    tap.received(packet, 90);
    tap.sent(1, '{"op":1}');
    tap.sent(1, '{"op":1}');
    expect(thrown).toEqual([error]);
    expect(shown.slice(1)).toEqual([SENT, SENT]);
  });

  test('is observed until the last observer is removed', () => {
    const { tap, stop, flush, shown } = observed();
    expect(tap.isObserved).toBe(true);
    stop();
    tap.received(packet, 90);
    flush();
    expect(tap.isObserved).toBe(false);
    expect(shown).toEqual([]);
  });
});
