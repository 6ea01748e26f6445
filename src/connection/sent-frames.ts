/**
 * Remembers which frame was sent last, to name it when the gateway closes the connection because of it. It keeps
 * opcodes and no data. Heartbeats do not count, because they hardly ever are the reason.
 */

/** Returns the opcode of a frame of this library, which all begin with it. */
const opcodeOf = (text: string): number => Number.parseInt(text.slice('{"op":'.length), 10);

const HEARTBEAT = 1;

interface SentFramesCallbacks {
  /** Called with the opcode of a frame. */
  onSent(opcode: number): void;
  /** Called with the opcode of a frame that the gateway has accepted. */
  onAccepted(opcode: number): void;
}

export class SentFrames {
  readonly #callbacks: SentFramesCallbacks;
  /** The opcode of the last frame on the current connection; `null` before the first. */
  last: number | null = null;
  /** The same, until the gateway has shown that it read on. */
  unconfirmed: number | null = null;
  /** Heartbeats without an ACK. */
  #heartbeats = 0;
  /** The ACKs still to come until that of a heartbeat that was sent after the last frame. */
  #acksUntilConfirmed = 0;

  constructor(callbacks: SentFramesCallbacks) {
    this.#callbacks = callbacks;
  }

  /** Called when a connection is opened. */
  reset(): void {
    this.last = null;
    this.unconfirmed = null;
    this.#heartbeats = 0;
  }

  /** Returns the opcode of the frame. */
  record(text: string): number {
    const opcode = opcodeOf(text);
    if (opcode === HEARTBEAT) {
      this.#heartbeats += 1;
      return opcode;
    }
    this.#acksUntilConfirmed = this.#heartbeats + 1;
    this.last = opcode;
    this.unconfirmed = opcode;
    this.#callbacks.onSent(opcode);
    return opcode;
  }

  /** The gateway reads in order: the ACK of a later heartbeat means that it accepted what came before. */
  recordAck(): void {
    if (this.#heartbeats === 0) return;
    this.#heartbeats -= 1;
    this.#acksUntilConfirmed -= 1;
    if (this.#acksUntilConfirmed === 0) this.confirm();
  }

  /** Called at READY, the answer to IDENTIFY, and by {@link recordAck}. */
  confirm(): void {
    const opcode = this.unconfirmed;
    this.unconfirmed = null;
    if (opcode !== null) this.#callbacks.onAccepted(opcode);
  }
}
