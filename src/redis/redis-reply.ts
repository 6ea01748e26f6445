/** Reads the answers of scripts. Texts come as bytes, and nothing is taken for granted of a server. */
import { GatewayError } from '../protocol/errors.ts';

export class RedisReply {
  readonly #items: readonly unknown[];
  readonly #script: string;

  constructor(value: unknown, script: string) {
    this.#script = script;
    if (!Array.isArray(value)) throw this.#unexpected();
    this.#items = value;
  }

  /** The first word: what became of the call. */
  get state(): string {
    return this.text(0);
  }

  get length(): number {
    return this.#items.length;
  }

  text(index: number): string {
    const value = this.#items[index];
    if (typeof value === 'string') return value;
    return this.bytes(index).toString();
  }

  bytes(index: number): Buffer {
    const value = this.#items[index];
    if (Buffer.isBuffer(value)) return value;
    throw this.#unexpected();
  }

  number(index: number): number {
    const value = this.#items[index];
    const number = typeof value === 'number' ? value : Number(this.text(index));
    if (!Number.isFinite(number)) throw this.#unexpected();
    return number;
  }

  list(index: number): RedisReply {
    return new RedisReply(this.#items[index], this.#script);
  }

  texts(from = 0): string[] {
    return this.#items.slice(from).map((_, index) => this.text(from + index));
  }

  lists(): RedisReply[] {
    return this.#items.map((_, index) => this.list(index));
  }

  /** The fields and values of a hash. */
  *pairs(): Generator<[field: string, value: string]> {
    for (let index = 0; index + 1 < this.#items.length; index += 2) yield [this.text(index), this.text(index + 1)];
  }

  #unexpected(): GatewayError {
    return new GatewayError('INTERNAL_ERROR', `the script ${this.#script} gave an unexpected answer`);
  }
}
