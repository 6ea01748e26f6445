/** Tells the oracle what happens on one connection: in a strict gateway each has a witness. */
import type { Frame } from './encoders.ts';
import { packetFrom } from '../oracle/frame.ts';
import type { OracleConnection } from '../oracle/oracle-connection.ts';

export class OracleRecorder {
  readonly #oracle: OracleConnection;

  constructor(oracle: OracleConnection) {
    this.#oracle = oracle;
  }

  /** A message is handed to the wire. */
  sent(text: string): void {
    const packet = packetFrom(text);
    if (packet === null) this.#oracle.markUndecodable();
    else this.#oracle.sent(packet);
  }

  /** A frame is sent as it is, by the test. */
  sentRaw(frame: Frame): void {
    this.sent(typeof frame === 'string' ? frame : Buffer.from(frame).toString());
  }

  /** A frame is sent that nobody can decode, so that what comes after it is lost. */
  sentBroken(): void {
    this.#oracle.allowLoss();
  }

  received(data: Buffer): void {
    this.#oracle.received(data.toString());
  }

  closedByClient(code: number | null): void {
    this.#oracle.closedByClient(code);
  }

  closedByGateway(code: number | null): void {
    this.#oracle.closedByGateway(code);
  }

  finish(): void {
    this.#oracle.finish();
  }
}
