/**
 * Remembers which frame was sent last, to name it when the gateway closes the connection because of it. It keeps
 * opcodes and no data. Heartbeats do not count, because they hardly ever are the reason.
 */

/** Returns the opcode of a frame of this library, which all begin with it. */
const opcodeOf = (text: string): number => Number.parseInt(text.slice('{"op":'.length), 10);

const HEARTBEAT = 1;

export class SentFrames {
  readonly #onAccepted: (opcode: number) => void;
  /** The opcode of the last frame on the current connection; `null` before the first. */
  last: number | null = null;
  /** The same, until the gateway has shown that it read on. */
  unconfirmed: number | null = null;
  #hasHeartbeatSince = false;

  /** @param onAccepted - called with the opcode of a frame that the gateway has accepted */
  constructor(onAccepted: (opcode: number) => void) {
    this.#onAccepted = onAccepted;
  }

  /** Called when a connection is opened. */
  reset(): void {
    this.last = null;
    this.unconfirmed = null;
    this.#hasHeartbeatSince = false;
  }

  record(text: string): void {
    const opcode = opcodeOf(text);
    this.#hasHeartbeatSince = opcode === HEARTBEAT;
    if (opcode === HEARTBEAT) return;
    this.last = opcode;
    this.unconfirmed = opcode;
  }

  /** The gateway reads in order: the ACK of a later heartbeat means that it accepted what came before. */
  recordAck(): void {
    if (this.#hasHeartbeatSince) this.confirm();
  }

  /** Called at READY, the answer to IDENTIFY, and by {@link recordAck}. */
  confirm(): void {
    const opcode = this.unconfirmed;
    this.unconfirmed = null;
    if (opcode !== null) this.#onAccepted(opcode);
  }
}
