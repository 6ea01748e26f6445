import { describe, expect, it } from 'vitest';
import { SendLimiter } from '../../src/actors/send-limiter.ts';
import { SendQueue } from '../../src/actors/send-queue.ts';
import type { QueuedKind, Throttled } from '../../src/actors/send-queue.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A queue, and the way out of it. */
function setUp() {
  const clock = new VirtualClock();
  const throttled: Throttled[] = [];
  const sent: string[] = [];
  const queue = new SendQueue(0, clock, (told) => throttled.push(told));
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
  it('sends the presence before when the last one is aborted', async () => {
    const { queue, outlet, sent } = setUp();
    const abort = new AbortController();
    const outcomes = [outcome(queue.send('presence', 'first')), outcome(queue.send('presence', 'last', abort.signal))];
    abort.abort();
    queue.open(outlet);
    expect([await Promise.all(outcomes), sent]).toEqual([['sent', 'ABORTED'], ['first']]);
  });

  it('rejects a presence at its abort although a later one takes its place', async () => {
    const { queue, outlet, sent } = setUp();
    const abort = new AbortController();
    const first = outcome(queue.send('presence', 'first', abort.signal));
    const last = outcome(queue.send('presence', 'last'));
    abort.abort();
    expect(await first).toBe('ABORTED');
    queue.open(outlet);
    expect([await last, sent]).toEqual(['sent', ['last']]);
  });

  it('settles any number of presences with the last', async () => {
    const { queue, outlet, sent } = setUp();
    const outcomes = Array.from({ length: 20_000 }, (_, n) => outcome(queue.send('presence', String(n))));
    expect(queue.pending).toBe(1);
    queue.open(outlet);
    expect([new Set(await Promise.all(outcomes)), sent]).toEqual([new Set(['sent']), ['19999']]);
  });

  it('tells of holding back anew after what was held back was aborted', async () => {
    const { clock, queue, outlet, throttled } = setUp();
    queue.open(outlet);
    for (let frames = 118; frames > 0; frames -= 1) void queue.send('command', 'x');
    const abort = new AbortController();
    const aborted = outcome(queue.send('command', 'x', abort.signal));
    clock.advance(500);
    abort.abort();
    expect([await aborted, clock.pending]).toEqual(['ABORTED', 0]);
    void queue.send('command', 'x');
    expect(throttled).toEqual([
      { pending: 1, retryAfterMs: 60_500 },
      { pending: 1, retryAfterMs: 60_000 },
    ]);
  });
});
