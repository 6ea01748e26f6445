/** Tells the oracle what happens on one connection: in a strict gateway each has a witness. */
import type { Frame } from './encoders.ts';
import { packetFrom } from './oracle/frame.ts';
import type { OracleConnection } from './oracle/oracle-connection.ts';

export class Witness {
  readonly #oracle: OracleConnection;

  constructor(oracle: OracleConnection) {
    this.#oracle = oracle;
  }

  /** A message is handed to the wire. */
  said(text: string): void {
    const packet = packetFrom(text);
    if (packet === null) this.#oracle.garble();
    else this.#oracle.said(packet);
  }

  /** A frame is sent as it is, by the test. */
  saidRaw(frame: Frame): void {
    this.said(typeof frame === 'string' ? frame : Buffer.from(frame).toString());
  }

  /** A frame is sent that nobody can decode, so that what comes after it is lost. */
  saidBroken(): void {
    this.#oracle.excuse();
  }

  heard(data: Buffer): void {
    this.#oracle.heard(data.toString());
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
