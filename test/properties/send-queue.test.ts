/** Send queue and limiter against the rules of the gateway, judged over the log of all frames by counting. */
import { deepEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { SendLimiter } from '../../src/actors/send-limiter.ts';
import type { FrameKind } from '../../src/actors/send-limiter.ts';
import { SendQueue } from '../../src/actors/send-queue.ts';
import type { QueuedKind } from '../../src/actors/send-queue.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { held, pick, play, script, step, turn } from './kit.ts';

const INTERVAL_MS = 20_000;
/** Of 120 frames: the beats of a minute and one at its edge, and two that the gateway may ask for. */
const PRIORITY_FRAMES = 120 - 4;
const COMMAND_FRAMES = PRIORITY_FRAMES - 2;
/** A window and the half second by which a frame may be late on its way. */
const FRAME_WINDOW_MS = 60_500;
const PRESENCE_WINDOW_MS = 20_500;

interface Send {
  readonly id: number;
  readonly kind: QueuedKind;
  readonly abort: AbortController;
  /** What should become of it. */
  expected: 'waits' | 'sent' | 'ABORTED' | 'STOPPED';
  /** What has: one entry when it has settled. */
  readonly outcomes: string[];
}

interface Frame {
  readonly kind: FrameKind;
  readonly at: number;
}

/** A connection: its log of frames, and whether the socket still takes any. */
class Wire {
  readonly frames: Frame[] = [];
  readonly limiter: SendLimiter;
  isBroken = false;
  readonly #clock: VirtualClock;
  readonly #left: (kind: QueuedKind, id: number, wire: Wire) => void;

  constructor(clock: VirtualClock, left: Wire['transmitted']) {
    this.#clock = clock;
    this.#left = left;
    this.limiter = new SendLimiter({ clock });
    this.limiter.keepRoomFor(INTERVAL_MS);
    this.#put('handshake');
    clock.setTimeout(() => this.#beat(), INTERVAL_MS / 3);
  }

  get transmitted(): (kind: QueuedKind, id: number, wire: Wire) => void {
    return this.#left;
  }

  transmit(kind: QueuedKind, text: string): boolean {
    if (this.isBroken) return false;
    this.#left(kind, Number(text), this);
    this.#put(kind);
    return true;
  }

  answerRequest(): void {
    if (this.limiter.delayMs('reply') === 0) this.#put('reply');
  }

  /** How many frames, by plain counting, a window that ends now has. */
  count(windowMs: number, matches: (kind: FrameKind) => boolean = () => true): number {
    return this.frames.filter(({ kind, at }) => matches(kind) && at > this.#clock.now() - windowMs).length;
  }

  mayCarry(kind: QueuedKind): boolean {
    if (kind === 'presence' && this.count(PRESENCE_WINDOW_MS, (other) => other === 'presence') >= 5) return false;
    return this.count(FRAME_WINDOW_MS) < (kind === 'priority' ? PRIORITY_FRAMES : COMMAND_FRAMES);
  }

  #beat(): void {
    deepEqual(this.limiter.delayMs('heartbeat'), 0);
    this.#put('heartbeat');
    this.#clock.setTimeout(() => this.#beat(), INTERVAL_MS);
  }

  #put(kind: FrameKind): void {
    if (this.isBroken) return;
    this.limiter.record(kind);
    this.frames.push({ kind, at: this.#clock.now() });
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly queue = new SendQueue(0, this.clock, ({ pending, retryAfterMs }) => {
    deepEqual([pending, retryAfterMs > 0 && retryAfterMs <= FRAME_WINDOW_MS], [this.frameCount, true]);
  });
  readonly sends: Send[] = [];
  readonly wires: Wire[] = [];
  open: Wire | null = null;
  isStopped = false;

  get waiting(): Send[] {
    return this.sends.filter(({ expected }) => expected === 'waits');
  }

  /** Of presences that wait only one will become a frame. */
  get frameCount(): number {
    const presences = this.waiting.filter(({ kind }) => kind === 'presence').length;
    return this.waiting.length - Math.max(0, presences - 1);
  }

  send(kind: QueuedKind): void {
    const send: Send = { id: this.sends.length, kind, abort: new AbortController(), expected: this.isStopped ? 'STOPPED' : 'waits', outcomes: [] };
    this.sends.push(send);
    this.queue.send(kind, String(send.id), send.abort.signal).then(
      () => send.outcomes.push('sent'),
      (error: GatewayError) => send.outcomes.push(error.code),
    );
  }

  abort(send: Send): void {
    if (send.expected === 'waits') send.expected = 'ABORTED';
    send.abort.abort();
  }

  connect(): void {
    this.disconnect();
    const wire = new Wire(this.clock, (kind, id) => this.#left(kind, id, wire));
    this.wires.push(wire);
    this.open = wire;
    this.queue.open(wire);
  }

  disconnect(): void {
    this.queue.close();
    if (this.open !== null) this.open.isBroken = true;
    this.open = null;
  }

  stop(): void {
    this.disconnect();
    for (const send of this.waiting) send.expected = 'STOPPED';
    this.isStopped = true;
    this.queue.stop(new GatewayError('STOPPED', 'the test said so'));
  }

  start(): void {
    this.isStopped = false;
    this.queue.start();
  }

  /** A frame leaves: it has to be its turn. */
  #left(kind: QueuedKind, id: number, wire: Wire): void {
    const ofKind = this.waiting.filter((send) => send.kind === kind);
    const turnOf = kind === 'presence' ? ofKind.at(-1) : ofKind[0];
    deepEqual([wire, id], [this.open, turnOf?.id]);
    const place = ofKind[0]?.id ?? -1;
    const overtaken = this.waiting.filter((send) => send.kind === 'priority' || send.id < place).filter((send) => send.kind !== kind);
    if (kind !== 'priority') deepEqual(overtaken.filter((send) => wire.mayCarry(send.kind)), []);
    ok(wire.mayCarry(kind));
    for (const send of kind === 'presence' ? ofKind : ofKind.slice(0, 1)) send.expected = 'sent';
  }

  /** Nothing that may go is kept, and everything else is in the state it should be in. */
  async check(): Promise<void> {
    await turn();
    const { open } = this;
    const kept = open === null || open.isBroken ? [] : this.waiting.filter(({ kind }) => open.mayCarry(kind));
    deepEqual({ kept, pending: this.queue.pending }, { kept: [], pending: this.frameCount });
    for (const { id, expected, outcomes } of this.sends) deepEqual({ id, outcomes }, { id, outcomes: expected === 'waits' ? [] : [expected] });
  }

  checkLog(): void {
    for (const { frames } of this.wires) {
      ok(mostWithin(frames, 60_000) <= 120);
      ok(mostWithin(frames.filter(({ kind }) => kind === 'presence'), 20_000) <= 5);
    }
  }
}

/** The most frames from any frame on, both ends of the window included. */
const mostWithin = (frames: readonly Frame[], windowMs: number): number =>
  Math.max(0, ...frames.map(({ at }) => frames.filter((other) => other.at >= at && other.at <= at + windowMs).length));

const kinds = fc.constantFrom<QueuedKind>('command', 'command', 'presence', 'priority');
const steps = [
  fc.tuple(kinds, fc.integer({ min: 1, max: 130 })).map(([kind, count]) =>
    step<World>(`send ${count} × ${kind}`, (world) => {
      for (let left = count; left > 0; left -= 1) world.send(kind);
    }),
  ),
  kinds.map((kind) => step<World>(`send ${kind}`, (world) => world.send(kind))),
  fc.tuple(fc.nat(), fc.boolean()).map(([which, onlyWaiting]) =>
    step<World>(`abort ${onlyWaiting ? 'a waiting' : 'any'} send (${which})`, (world) => {
      const send = pick(onlyWaiting ? world.waiting : world.sends, which);
      if (send !== undefined) world.abort(send);
    }),
  ),
  fc.oneof(fc.nat({ max: 70_000 }), fc.constantFrom(1, 499, 500, 20_500, 60_000)).map((ms) =>
    step<World>(`advance ${ms} ms`, (world) => world.clock.advance(ms)),
  ),
  fc.constant(step<World>('connect', (world) => world.connect(), (world) => !world.isStopped)),
  fc.constant(step<World>('disconnect', (world) => world.disconnect())),
  fc.constant(
    step<World>('the socket breaks', (world) => {
      if (world.open !== null) world.open.isBroken = true;
    }),
  ),
  fc.constant(step<World>('stop', (world) => world.stop())),
  fc.constant(step<World>('start', (world) => world.start())),
  fc.nat({ max: 5 }).map((count) =>
    step<World>(`the gateway asks for ${count} beats`, (world) => {
      for (let left = count; left > 0; left -= 1) world.open?.answerRequest();
    }),
  ),
];

it('every send leaves in its turn, settles once, and no window carries more than the gateway allows', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 60), async (commands) => {
      const world = new World();
      await play(world, commands);
      await world.check();
      world.checkLog();
    }),
    120,
  );
  expect(runs).toBe(120);
});

it('everything that waits leaves in bounded time once there is a connection', async () => {
  const runs = await held(
    fc.asyncProperty(script(steps, 40), async (commands) => {
      const world = new World();
      await play(world, commands);
      world.start();
      world.connect();
      const minutes = Math.ceil(world.waiting.length / (COMMAND_FRAMES - 10)) + 1;
      world.clock.advance(minutes * FRAME_WINDOW_MS);
      await world.check();
      world.checkLog();
      deepEqual(world.waiting, []);
    }),
    60,
  );
  expect(runs).toBe(60);
});
