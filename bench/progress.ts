/** Shows the progress of a run: on a terminal one line that is redrawn, elsewhere one line per case and round. */
import type { Sample } from './scenarios/scenario.ts';
import { number } from './markdown.ts';

const MS_PER_MINUTE = 60_000;

const sampleText = (sample: Sample): string =>
  Object.entries(sample)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join('  ');

export class Progress {
  readonly #total: number;
  readonly #output: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #done = 0;

  constructor(total: number, output: NodeJS.WriteStream = process.stdout) {
    this.#total = total;
    this.#output = output;
  }

  begin(id: string, round: number, rounds: number): void {
    if (this.#output.isTTY)
      this.#output.write(`\r\u001B[K${this.#count()} ${id}, round ${round + 1} of ${rounds}; ${this.#left()}`);
  }

  end(id: string, round: number, rounds: number, sample: Sample): void {
    this.#done += 1;
    this.line(`${this.#count()} ${id}, round ${round + 1} of ${rounds}: ${sampleText(sample)}`);
  }

  failed(id: string, problem: string, skipped: number): void {
    this.#done += skipped;
    this.line(`${this.#count()} ${id}: ${problem}`);
  }

  line(text: string): void {
    this.#output.write(`${this.#output.isTTY ? '\r\u001B[K' : ''}${text}\n`);
  }

  #count(): string {
    return `[${String(this.#done).padStart(String(this.#total).length)}/${this.#total}]`;
  }

  #left(): string {
    if (this.#done === 0) return 'estimating the time';
    const leftMs = ((performance.now() - this.#startedAt) / this.#done) * (this.#total - this.#done);
    return `about ${Math.ceil(leftMs / MS_PER_MINUTE)} min left`;
  }
}
