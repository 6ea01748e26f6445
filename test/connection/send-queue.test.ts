import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { SendLimiter } from '../../src/connection/send-limiter.ts';
import { SendQueue } from '../../src/connection/send-queue.ts';
import type { QueuedKind, Throttled } from '../../src/connection/send-queue.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A queue with a sink that records what it sends. */
function setUp() {
  const clock = new VirtualClock();
  const throttled: Throttled[] = [];
  const sent: string[] = [];
  const queue = new SendQueue(0, clock, (event) => throttled.push(event));
  const limiter = new SendLimiter({ clock });
  const sink = {
    limiter,
    transmit: (kind: QueuedKind, text: string): boolean => {
      limiter.record(kind);
      sent.push(text);
      return true;
    },
  };
  return { clock, throttled, sent, queue, sink };
}

const outcome = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'sent',
    (error: GatewayError) => error.code,
  );

describe('SendQueue', () => {
  test('sends nothing while it is detached, and leaves no timer', async () => {
    const { clock, queue, sink, sent } = setUp();
    queue.attach(sink);
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
    queue.attach(sink);
    clock.advance(20_500);
    expect(await Promise.all(outcomes)).toEqual(Array(7).fill('sent'));
    expect(sent).toEqual(['0', '1', '2', '3', '4', 'late', '5']);
  });

  test('stop() leaves no timer, and nothing is sent until it is started and attached again', async () => {
    const { clock, queue, sink, sent } = setUp();
    queue.attach(sink);
    const outcomes = Array.from({ length: 6 }, (_, n) => outcome(queue.send('presence', String(n))));
    queue.stop(new GatewayError('STOPPED', 'the test said so'));
    expect(await Promise.all(outcomes)).toEqual([...Array<string>(5).fill('sent'), 'STOPPED']);
    expect(clock.pending).toBe(0);
    queue.start();
    const later = outcome(queue.send('command', 'later'));
    const before = sent.length;
    queue.attach(sink);
    expect(before).toBe(5);
    expect(await later).toBe('sent');
    expect(sent.length).toBe(6);
  });

  test('waits until the first queued payload may be sent', () => {
    const { clock, queue, sink, throttled } = setUp();
    for (let n = 0; n < 115; n += 1) sink.limiter.record('command');
    clock.advance(55_000);
    queue.attach(sink);
    for (let n = 0; n < 6; n += 1) void queue.send('presence', String(n));
    clock.advance(6_000);
    for (let n = 0; n < 6; n += 1) sink.limiter.record('presence');
    queue.detach();
    void queue.send('presence', 'waits for its own limit');
    for (let n = 0; n < 120; n += 1) sink.limiter.record('command');
    void queue.send('command', 'waits for the minute');
    throttled.splice(0);
    queue.attach(sink);
    expect(throttled).toEqual([
      { pending: 2, retryAfterMs: Math.min(sink.limiter.delayMs('command'), sink.limiter.delayMs('presence')) },
    ]);
  });

  test('sends a priority command as soon as its limit allows, before others that wait longer', () => {
    const { clock, queue, sink, sent } = setUp();
    queue.attach(sink);
    for (let n = 0; n < 120; n += 1) {
      sink.transmit(n < 118 ? 'command' : 'priority', '');
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

  test('removes its listener from the signal once a payload is sent or aborted', async () => {
    const { queue, sink } = setUp();
    const [sending, abort] = [new AbortController(), new AbortController()];
    const outcomes = [
      outcome(queue.send('command', 'a', sending.signal)),
      outcome(queue.send('command', 'b', abort.signal)),
    ];
    abort.abort();
    queue.attach(sink);
    expect(await Promise.all(outcomes)).toEqual(['sent', 'ABORTED']);
    expect(getEventListeners(sending.signal, 'abort').length).toBe(0);
    expect(getEventListeners(abort.signal, 'abort').length).toBe(0);
  });

  test('sends the previous presence when the last one is aborted', async () => {
    const { queue, sink, sent } = setUp();
    const abort = new AbortController();
    const outcomes = [outcome(queue.send('presence', 'first')), outcome(queue.send('presence', 'last', abort.signal))];
    abort.abort();
    queue.attach(sink);
    expect(await Promise.all(outcomes)).toEqual(['sent', 'ABORTED']);
    expect(sent).toEqual(['first']);
  });

  test('rejects an aborted presence although a later one replaces it', async () => {
    const { queue, sink, sent } = setUp();
    const abort = new AbortController();
    const first = outcome(queue.send('presence', 'first', abort.signal));
    const last = outcome(queue.send('presence', 'last'));
    abort.abort();
    expect(await first).toBe('ABORTED');
    queue.attach(sink);
    expect(await last).toBe('sent');
    expect(sent).toEqual(['last']);
  });

  test('settles all queued presences with the last one', async () => {
    const { queue, sink, sent } = setUp();
    const outcomes = Array.from({ length: 20_000 }, (_, n) => outcome(queue.send('presence', String(n))));
    expect(queue.pending).toBe(1);
    queue.attach(sink);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['sent']));
    expect(sent).toEqual(['19999']);
  });

  test('reports throttling again after the delayed payload was aborted', async () => {
    const { clock, queue, sink, throttled } = setUp();
    queue.attach(sink);
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
