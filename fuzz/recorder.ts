/** Compares what one shard delivers with what the reference client expects, dispatch by dispatch. */
import { inspect } from 'node:util';
import { GatewayError } from '../src/index.ts';
import type { Dispatch, GatewayErrorCode } from '../src/index.ts';
import { isJsonEqual } from './json-equal.ts';
import type { ReferenceClient } from './reference-client.ts';

/** What differs from the expectation. The first of a case ends it. */
export class Violation extends Error {}

const shortly = (value: unknown): string =>
  inspect(value, { depth: 4, maxStringLength: 200, breakLength: 140 }).slice(0, 600);

const isDecodeFailure = (error: unknown): boolean => error instanceof GatewayError && error.code === 'DECODE_FAILED';

/** Faults without a fixed number: forbidden frames cause the first, and a busy machine the second. */
const TOLERATED: ReadonlySet<GatewayErrorCode> = new Set(['CONNECTION_FAILED', 'SLOW_LISTENER']);

/** No message of a fault is longer, whatever the gateway sends. */
const MAX_MESSAGE_LENGTH = 300;

export class Recorder {
  readonly #client: ReferenceClient;
  readonly #report: (violation: Violation) => void;
  readonly #faults: Record<string, number> = {};
  #delivered = 0;
  #raw = 0;

  constructor(client: ReferenceClient, report: (violation: Violation) => void) {
    this.#client = client;
    this.#report = report;
  }

  /** @param hasRaw - whether raw packets are recorded */
  isComplete(hasRaw: boolean): boolean {
    const { expected, expectedRaw, faults } = this.#client;
    return (
      this.#delivered === expected.length &&
      (!hasRaw || this.#raw === expectedRaw.length) &&
      Object.entries(faults).every(([code, count]) => (this.#faults[code] ?? 0) >= count)
    );
  }

  /** Says what is missing or too much. */
  describe(hasRaw: boolean): string {
    const { expected, expectedRaw, faults } = this.#client;
    return [
      `delivered ${this.#delivered} of ${expected.length} dispatches`,
      ...(hasRaw ? [`raw packets ${this.#raw} of ${expectedRaw.length}`] : []),
      `faults ${shortly(this.#faults)}, expected ${shortly(faults)}`,
    ].join('; ');
  }

  /** @throws `DECODE_FAILED`, as the listener of a bot would, unless this reader is expected to find the data broken */
  readonly take = (dispatch: Dispatch): void => {
    const { t, s, op } = dispatch;
    const expected = this.#client.expected[this.#delivered];
    let d: unknown;
    try {
      d = dispatch.d;
    } catch (error) {
      if (!isDecodeFailure(error)) return this.#fail(`reading d threw ${shortly(error)}`);
      if (expected?.isBroken !== true || s !== expected.s || (t as string) !== expected.t) throw error;
      this.#delivered += 1;
      return;
    }
    this.#delivered += 1;
    if (expected === undefined) return this.#fail(`delivered more than was sent: ${shortly({ t, s, d })}`);
    if (op !== 0 || (t as string) !== expected.t || s !== expected.s || !isJsonEqual(d, expected.d)) {
      const { t: wantedT, s: wantedS, d: wantedD } = expected;
      this.#fail(`delivered ${shortly({ op, t, s, d })} instead of ${shortly({ t: wantedT, s: wantedS, d: wantedD })}`);
    }
  };

  /** Within a listener `raw` holds exactly what was sent. To be called before `take`. */
  readonly takeBytes = (dispatch: Dispatch): void => {
    const expected = this.#client.expected[this.#delivered];
    if (
      expected !== undefined &&
      dispatch.s === expected.s &&
      (dispatch.t as string) === expected.t &&
      !expected.bytes.equals(dispatch.raw)
    )
      this.#fail(`raw of ${expected.t} differs from what was sent`);
  };

  readonly takeRaw = (packet: unknown): void => {
    const expected = this.#client.expectedRaw[this.#raw];
    this.#raw += 1;
    if (!isJsonEqual(packet, expected)) this.#fail(`raw ${shortly(packet)} instead of ${shortly(expected)}`);
  };

  readonly takeFault = (error: GatewayError): void => {
    if (error.message.length > MAX_MESSAGE_LENGTH)
      this.#fail(`a fault with a message of ${error.message.length} characters: ${shortly(error.message)}`);
    const count = (this.#faults[error.code] ?? 0) + 1;
    this.#faults[error.code] = count;
    const expected = (this.#client.faults as Record<string, number>)[error.code];
    const optional = error.code === 'DECODE_FAILED' ? this.#client.optionalFaults : 0;
    if (expected === undefined ? !TOLERATED.has(error.code) : count > expected + optional)
      this.#fail(`an unexpected fault, ${error.code}: ${error.message}; cause: ${shortly(error.cause)}`);
  };

  #fail(what: string): void {
    this.#report(new Violation(what));
  }
}
