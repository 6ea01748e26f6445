/** Compares the send queue and limiter with the gateway's rules, by counting the frames in a log. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendLimiter } from '../../src/connection/send-limiter.ts';
import type { FrameKind } from '../../src/connection/send-limiter.ts';
import { SendQueue } from '../../src/connection/send-queue.ts';
import type { QueuedKind } from '../../src/connection/send-queue.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkProperty, pick, runScript, script, step, turn } from './kit.ts';

const INTERVAL_MS = 20_000;
/** 120 frames less the heartbeats of a minute, one at its edge, and those that the gateway may request. */
const PRIORITY_FRAMES = 120 - 4;
const COMMAND_FRAMES = PRIORITY_FRAMES - 2;
/** A window, and the half second by which a frame may arrive late. */
const FRAME_WINDOW_MS = 60_500;
const PRESENCE_WINDOW_MS = 20_500;

interface Send {
  readonly id: number;
  readonly kind: QueuedKind;
  readonly abort: AbortController;
  /** The expected outcome. */
  expected: 'waiting' | 'sent' | 'ABORTED' | 'STOPPED';
  /** The actual outcome: one entry after it has settled. */
  readonly outcomes: string[];
}

interface Frame {
  readonly kind: FrameKind;
  readonly at: number;
}

/** A connection with a log of its frames. A broken one accepts no more. */
class FakeConnection {
  readonly frames: Frame[] = [];
  readonly limiter: SendLimiter;
  isBroken = false;
  readonly #clock: VirtualClock;
  readonly #onFrame: (kind: QueuedKind, id: number, connection: FakeConnection) => void;

  constructor(clock: VirtualClock, onFrame: FakeConnection['transmitted']) {
    this.#clock = clock;
    this.#onFrame = onFrame;
    this.limiter = new SendLimiter({ clock });
    this.limiter.reserveHeartbeats(INTERVAL_MS);
    this.#record('handshake');
    clock.setTimeout(() => this.#sendHeartbeat(), INTERVAL_MS / 3);
  }

  get transmitted(): (kind: QueuedKind, id: number, connection: FakeConnection) => void {
    return this.#onFrame;
  }

  transmit(kind: QueuedKind, text: string): boolean {
    if (this.isBroken) return false;
    this.#onFrame(kind, Number(text), this);
    this.#record(kind);
    return true;
  }

  answerRequest(): void {
    if (this.limiter.delayMs('reply') === 0) this.#record('reply');
  }

  /** Counts the frames in a window that ends now. */
  count(windowMs: number, matches: (kind: FrameKind) => boolean = () => true): number {
    return this.frames.filter(({ kind, at }) => matches(kind) && at > this.#clock.now() - windowMs).length;
  }

  accepts(kind: QueuedKind): boolean {
    if (kind === 'presence' && this.count(PRESENCE_WINDOW_MS, (other) => other === 'presence') >= 5) return false;
    return this.count(FRAME_WINDOW_MS) < (kind === 'priority' ? PRIORITY_FRAMES : COMMAND_FRAMES);
  }

  #sendHeartbeat(): void {
    deepEqual(this.limiter.delayMs('heartbeat'), 0);
    this.#record('heartbeat');
    this.#clock.setTimeout(() => this.#sendHeartbeat(), INTERVAL_MS);
  }

  #record(kind: FrameKind): void {
    if (this.isBroken) return;
    this.limiter.record(kind);
    this.frames.push({ kind, at: this.#clock.now() });
  }
}

class SendQueueModel {
  readonly clock = new VirtualClock();
  readonly queue = new SendQueue(0, this.clock, ({ pending, retryAfterMs }) => {
    deepEqual(pending, this.frameCount);
    ok(retryAfterMs > 0 && retryAfterMs <= FRAME_WINDOW_MS, `${retryAfterMs} ms`);
  });
  readonly sends: Send[] = [];
  readonly connections: FakeConnection[] = [];
  open: FakeConnection | null = null;
  isStopped = false;

  get waiting(): Send[] {
    return this.sends.filter(({ expected }) => expected === 'waiting');
  }

  /** Of all queued presences only one will become a frame. */
  get frameCount(): number {
    const presences = this.waiting.filter(({ kind }) => kind === 'presence').length;
    return this.waiting.length - Math.max(0, presences - 1);
  }

  send(kind: QueuedKind): void {
    const send: Send = {
      id: this.sends.length,
      kind,
      abort: new AbortController(),
      expected: this.isStopped ? 'STOPPED' : 'waiting',
      outcomes: [],
    };
    this.sends.push(send);
    this.queue.send(kind, String(send.id), send.abort.signal).then(
      () => send.outcomes.push('sent'),
      (error: GatewayError) => send.outcomes.push(error.code),
    );
  }

  abort(send: Send): void {
    if (send.expected === 'waiting') send.expected = 'ABORTED';
    send.abort.abort();
  }

  connect(): void {
    this.disconnect();
    const connection = new FakeConnection(this.clock, (kind, id) => this.#onFrame(kind, id, connection));
    this.connections.push(connection);
    this.open = connection;
    this.queue.attach(connection);
  }

  disconnect(): void {
    this.queue.detach();
    if (this.open !== null) this.open.isBroken = true;
    this.open = null;
  }

  stop(): void {
    this.disconnect();
    for (const send of this.waiting) send.expected = 'STOPPED';
    this.isStopped = true;
    this.queue.stop(new GatewayError('STOPPED', 'from the test'));
  }

  start(): void {
    this.isStopped = false;
    this.queue.start();
  }

  /** Checks that the frame that is sent is the next one in order. */
  #onFrame(kind: QueuedKind, id: number, connection: FakeConnection): void {
    const ofKind = this.waiting.filter((send) => send.kind === kind);
    const next = kind === 'presence' ? ofKind.at(-1) : ofKind[0];
    deepEqual([connection, id], [this.open, next?.id]);
    const place = ofKind[0]?.id ?? -1;
    const overtaken = this.waiting
      .filter((send) => send.kind === 'priority' || send.id < place)
      .filter((send) => send.kind !== kind);
    if (kind !== 'priority')
      deepEqual(
        overtaken.filter((send) => connection.accepts(send.kind)),
        [],
      );
    ok(connection.accepts(kind));
    for (const send of kind === 'presence' ? ofKind : ofKind.slice(0, 1)) send.expected = 'sent';
  }

  /** Checks that no sendable frame is queued, and that every send has its expected outcome. */
  async check(): Promise<void> {
    await turn();
    const { open } = this;
    const kept = open === null || open.isBroken ? [] : this.waiting.filter(({ kind }) => open.accepts(kind));
    deepEqual({ kept, pending: this.queue.pending }, { kept: [], pending: this.frameCount });
    for (const { id, expected, outcomes } of this.sends)
      deepEqual({ id, outcomes }, { id, outcomes: expected === 'waiting' ? [] : [expected] });
  }

  checkLog(): void {
    for (const { frames } of this.connections) {
      ok(maxWithin(frames, 60_000) <= 120);
      ok(
        maxWithin(
          frames.filter(({ kind }) => kind === 'presence'),
          20_000,
        ) <= 5,
      );
    }
  }
}

/** Returns the max number of frames in any window, both ends included. */
const maxWithin = (frames: readonly Frame[], windowMs: number): number =>
  Math.max(0, ...frames.map(({ at }) => frames.filter((other) => other.at >= at && other.at <= at + windowMs).length));

const kinds = fc.constantFrom<QueuedKind>('command', 'command', 'presence', 'priority');
const steps = [
  fc.tuple(kinds, fc.integer({ min: 1, max: 130 })).map(([kind, count]) =>
    step<SendQueueModel>(`send ${count} × ${kind}`, (model) => {
      for (let left = count; left > 0; left -= 1) model.send(kind);
    }),
  ),
  kinds.map((kind) => step<SendQueueModel>(`send ${kind}`, (model) => model.send(kind))),
  fc.tuple(fc.nat(), fc.boolean()).map(([which, onlyWaiting]) =>
    step<SendQueueModel>(`abort ${onlyWaiting ? 'a waiting' : 'any'} send (${which})`, (model) => {
      const send = pick(onlyWaiting ? model.waiting : model.sends, which);
      if (send !== undefined) model.abort(send);
    }),
  ),
  fc
    .oneof(fc.nat({ max: 70_000 }), fc.constantFrom(1, 499, 500, 20_500, 60_000))
    .map((ms) => step<SendQueueModel>(`advance ${ms} ms`, (model) => model.clock.advance(ms))),
  fc.constant(
    step<SendQueueModel>(
      'connect',
      (model) => model.connect(),
      (model) => !model.isStopped,
    ),
  ),
  fc.constant(step<SendQueueModel>('disconnect', (model) => model.disconnect())),
  fc.constant(
    step<SendQueueModel>('the socket breaks', (model) => {
      if (model.open !== null) model.open.isBroken = true;
    }),
  ),
  fc.constant(step<SendQueueModel>('stop', (model) => model.stop())),
  fc.constant(step<SendQueueModel>('start', (model) => model.start())),
  fc.nat({ max: 5 }).map((count) =>
    step<SendQueueModel>(`the gateway requests ${count} heartbeats`, (model) => {
      for (let left = count; left > 0; left -= 1) model.open?.answerRequest();
    }),
  ),
];

describe('SendQueue', () => {
  test('sends payloads in order, settles each once, and never exceeds the limits of the gateway', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(steps, 60), async (commands) => {
        const model = new SendQueueModel();
        await runScript(model, commands);
        await model.check();
        model.checkLog();
      }),
      120,
    );
    expect(runs).toBe(120);
  });

  test('sends all queued payloads in bounded time after a connection is open', async () => {
    const runs = await checkProperty(
      fc.asyncProperty(script(steps, 40), async (commands) => {
        const model = new SendQueueModel();
        await runScript(model, commands);
        model.start();
        model.connect();
        const minutes = Math.ceil(model.waiting.length / (COMMAND_FRAMES - 10)) + 1;
        model.clock.advance(minutes * FRAME_WINDOW_MS);
        await model.check();
        model.checkLog();
        deepEqual(model.waiting, []);
      }),
      60,
    );
    expect(runs).toBe(60);
  });
});
