import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { SendLimiter } from '../../src/connection/send-limiter.ts';
import { SendQueue } from '../../src/connection/send-queue.ts';
import type { QueuedKind, Throttled } from '../../src/connection/send-queue.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A queue, and the way out of it. */
function setUp() {
  const clock = new VirtualClock();
  const throttled: Throttled[] = [];
  const sent: string[] = [];
  const queue = new SendQueue(0, clock, (event) => throttled.push(event));
  const limiter = new SendLimiter({ clock });
  const outlet = {
    limiter,
    transmit: (kind: QueuedKind, text: string): boolean => {
      limiter.record(kind);
      sent.push(text);
      return true;
    },
  };
  return { clock, throttled, sent, queue, outlet };
}

const outcome = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'sent',
    (error: GatewayError) => error.code,
  );

describe('SendQueue', () => {
  test('sends nothing while it is closed, and leaves no timer', async () => {
    const { clock, queue, outlet, sent } = setUp();
    queue.attach(outlet);
    const outcomes = Array.from({ length: 6 }, (_, n) => {
      clock.advance(1);
      return outcome(queue.send('presence', String(n)));
    });
    const before = clock.pending;
    queue.detach();
    outcomes.push(outcome(queue.send('command', 'late')));
    expect(before).toBe(1);
    expect(clock.pending).toBe(0);
    expect(sent).toEqual(['0', '1', '2', '3', '4']);
    queue.attach(outlet);
    clock.advance(20_500);
    expect(await Promise.all(outcomes)).toEqual(Array(7).fill('sent'));
    expect(sent).toEqual(['0', '1', '2', '3', '4', 'late', '5']);
  });

  test('leaves no timer when it is stopped, and sends nothing until it is started and open again', async () => {
    const { clock, queue, outlet, sent } = setUp();
    queue.attach(outlet);
    const outcomes = Array.from({ length: 6 }, (_, n) => outcome(queue.send('presence', String(n))));
    queue.stop(new GatewayError('STOPPED', 'the test said so'));
    expect(await Promise.all(outcomes)).toEqual([...Array<string>(5).fill('sent'), 'STOPPED']);
    expect(clock.pending).toBe(0);
    queue.start();
    const later = outcome(queue.send('command', 'later'));
    const before = sent.length;
    queue.attach(outlet);
    expect(before).toBe(5);
    expect(await later).toBe('sent');
    expect(sent.length).toBe(6);
  });

  test('is waited with until the first of what waits may go', () => {
    const { clock, queue, outlet, throttled } = setUp();
    for (let n = 0; n < 115; n += 1) outlet.limiter.record('command');
    clock.advance(55_000);
    queue.attach(outlet);
    for (let n = 0; n < 6; n += 1) void queue.send('presence', String(n));
    clock.advance(6_000);
    for (let n = 0; n < 6; n += 1) outlet.limiter.record('presence');
    queue.detach();
    void queue.send('presence', 'waits for its own limit');
    for (let n = 0; n < 120; n += 1) outlet.limiter.record('command');
    void queue.send('command', 'waits for the minute');
    throttled.splice(0);
    queue.attach(outlet);
    expect(throttled).toEqual([
      { pending: 2, retryAfterMs: Math.min(outlet.limiter.delayMs('command'), outlet.limiter.delayMs('presence')) },
    ]);
  });

  test('lets a command that overtakes go as soon as it may, though others have to wait for longer', () => {
    const { clock, queue, outlet, sent } = setUp();
    queue.attach(outlet);
    for (let n = 0; n < 120; n += 1) {
      outlet.transmit(n < 118 ? 'command' : 'priority', '');
      clock.advance(100);
    }
    void queue.send('command', 'in turn');
    void queue.send('priority', 'first');
    clock.advance(60_500 - 120 * 100);
    const first = sent.slice(120);
    clock.advance(300);
    expect(first).toEqual(['first']);
    expect(sent.slice(120)).toEqual(['first', 'in turn']);
  });

  test('holds on to no signal once a frame is sent or given up', async () => {
    const { queue, outlet } = setUp();
    const [sending, abort] = [new AbortController(), new AbortController()];
    const outcomes = [
      outcome(queue.send('command', 'a', sending.signal)),
      outcome(queue.send('command', 'b', abort.signal)),
    ];
    abort.abort();
    queue.attach(outlet);
    expect(await Promise.all(outcomes)).toEqual(['sent', 'ABORTED']);
    expect(getEventListeners(sending.signal, 'abort').length).toBe(0);
    expect(getEventListeners(abort.signal, 'abort').length).toBe(0);
  });

  test('sends the presence before when the last one is aborted', async () => {
    const { queue, outlet, sent } = setUp();
    const abort = new AbortController();
    const outcomes = [outcome(queue.send('presence', 'first')), outcome(queue.send('presence', 'last', abort.signal))];
    abort.abort();
    queue.attach(outlet);
    expect(await Promise.all(outcomes)).toEqual(['sent', 'ABORTED']);
    expect(sent).toEqual(['first']);
  });

  test('rejects a presence at its abort although a later one takes its place', async () => {
    const { queue, outlet, sent } = setUp();
    const abort = new AbortController();
    const first = outcome(queue.send('presence', 'first', abort.signal));
    const last = outcome(queue.send('presence', 'last'));
    abort.abort();
    expect(await first).toBe('ABORTED');
    queue.attach(outlet);
    expect(await last).toBe('sent');
    expect(sent).toEqual(['last']);
  });

  test('settles any number of presences with the last', async () => {
    const { queue, outlet, sent } = setUp();
    const outcomes = Array.from({ length: 20_000 }, (_, n) => outcome(queue.send('presence', String(n))));
    expect(queue.pending).toBe(1);
    queue.attach(outlet);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['sent']));
    expect(sent).toEqual(['19999']);
  });

  test('tells of holding back anew after what was held back was aborted', async () => {
    const { clock, queue, outlet, throttled } = setUp();
    queue.attach(outlet);
    for (let frames = 118; frames > 0; frames -= 1) void queue.send('command', 'x');
    const abort = new AbortController();
    const aborted = outcome(queue.send('command', 'x', abort.signal));
    clock.advance(500);
    abort.abort();
    expect(await aborted).toBe('ABORTED');
    expect(clock.pending).toBe(0);
    void queue.send('command', 'x');
    expect(throttled).toEqual([
      { pending: 1, retryAfterMs: 60_500 },
      { pending: 1, retryAfterMs: 60_000 },
    ]);
  });
});
