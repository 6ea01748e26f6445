/** Replays a recording to one client: as fast as it reads, at a steady rate, or in a loop. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Recording } from './recording.ts';
import { sharedNow } from './packets.ts';

const SLICE_BYTES = 64 * 1024;

export class Replayer {
  readonly #socket: Socket;
  readonly #recording: Recording;

  constructor(socket: Socket, recording: Recording) {
    this.#socket = socket;
    this.#recording = recording;
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Writes the frames from `from` to `to`, exclusive, at once. */
  write(from: number, to: number): void {
    if (this.isOpen) this.#socket.write(this.#bytes(from, to));
  }

  writePiece(piece: Buffer): void {
    if (this.isOpen) this.#socket.write(piece);
  }

  async replay(from: number, to: number): Promise<void> {
    const bytes = this.#bytes(from, to);
    for (let start = 0; start < bytes.length && this.isOpen; start += SLICE_BYTES) {
      if (!this.#socket.write(bytes.subarray(start, start + SLICE_BYTES))) await this.#waitForDrain();
    }
  }

  /** Resolves with the time at which each frame was sent. */
  async replayPaced(from: number, to: number, perSecond: number): Promise<Float64Array> {
    const sentAt = new Float64Array(to - from);
    const startedAt = sharedNow();
    for (let next = from; next < to && this.isOpen; await sleep(1)) {
      const now = sharedNow();
      const due = Math.min(to, from + Math.floor(((now - startedAt) * perSecond) / 1_000));
      if (due <= next) continue;
      sentAt.fill(now, next - from, due - from);
      this.write(next, due);
      next = due;
    }
    return sentAt;
  }

  /** Replays a part that ends in a cut, for as long as `shouldContinue()` returns `true`. */
  async replayInLoop(from: number, to: number, shouldContinue: () => boolean): Promise<void> {
    while (this.isOpen && shouldContinue()) {
      await this.replay(from, to);
      await nextTurn();
    }
  }

  #bytes(from: number, to: number): Buffer {
    const { bytes, ends } = this.#recording;
    return bytes.subarray(ends[from - 1] ?? 0, ends[to - 1] ?? 0);
  }

  async #waitForDrain(): Promise<void> {
    await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')]);
  }
}

/**
 * Replays the same frames on several connections at a steady rate, frame by frame, each on all connections in turn.
 * Resolves with the time at which each was sent.
 */
export async function replaySpread(
  replayers: readonly Replayer[],
  { from, rounds, perSecond }: { readonly from: number; readonly rounds: number; readonly perSecond: number },
): Promise<Float64Array> {
  const sentAt = new Float64Array(rounds * replayers.length);
  const startedAt = sharedNow();
  for (let next = 0; next < sentAt.length; await sleep(1)) {
    const due = Math.min(sentAt.length, Math.floor(((sharedNow() - startedAt) * perSecond) / 1_000));
    for (; next < due; next += 1) {
      const frame = from + Math.floor(next / replayers.length);
      sentAt[next] = sharedNow();
      replayers[next % replayers.length]?.write(frame, frame + 1);
    }
  }
  return sentAt;
}
