/**
 * Prints log lines in columns: time, kind and message. On a terminal a long message wraps under its own column; in a
 * pipe or file each message stays on one line.
 */
import type { Colorize, Style } from './colors.ts';
import { colorizeFor } from './colors.ts';
import { printable } from '../protocol/printable.ts';

interface Kind {
  readonly symbol: string;
  /** The style of the symbol and the name. */
  readonly mark: Style;
  /** The style of the message. Default plain. */
  readonly message?: Style;
}

const KINDS = {
  note: { symbol: '·', mark: 'dim' },
  step: { symbol: '▶', mark: ['cyan', 'bold'], message: 'bold' },
  state: { symbol: '●', mark: 'cyan' },
  hello: { symbol: '·', mark: 'dim', message: 'dim' },
  ack: { symbol: '♥', mark: 'magenta', message: 'dim' },
  events: { symbol: '↓', mark: 'blue', message: 'dim' },
  ready: { symbol: '✓', mark: 'green' },
  resumed: { symbol: '✓', mark: 'green' },
  closed: { symbol: '○', mark: 'yellow' },
  notice: { symbol: '!', mark: 'yellow' },
  gateway: { symbol: '✗', mark: ['red', 'bold'], message: 'bold' },
  survived: { symbol: '★', mark: ['green', 'bold'], message: ['green', 'bold'] },
  failed: { symbol: '✗', mark: ['red', 'bold'], message: ['red', 'bold'] },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const KIND_WIDTH = Math.max(...Object.keys(KINDS).map((name) => name.length)) + 2;
/** Wrapping keeps a number and its unit together. */
const WORD_END = / (?!m?s\b)/;
const CLEAR_LINE = '\r\u001B[2K';
const ASSUMED_COLUMNS = 80;
/** A narrower terminal wraps the lines itself. */
const MIN_FOLD_WIDTH = 40;

/** Returns a function that returns the seconds since this call, as `   3.14`. */
export function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => ((performance.now() - startedAt) / 1000).toFixed(2).padStart(7);
}

/** `14:03:22`. */
export const wallClock = (): string => new Date().toTimeString().slice(0, 8);

export class OutputLog {
  readonly colorize: Colorize;
  readonly #output: Output;
  readonly #stamp: () => string;
  /** The text below the last line, of one line or several; always empty without a terminal. */
  #status = '';

  constructor(stamp: () => string, output: Output = process.stdout, environment: NodeJS.ProcessEnv = process.env) {
    this.#stamp = stamp;
    this.#output = output;
    this.colorize = colorizeFor(output, environment);
  }

  /** Escapes control characters: the text may come from the gateway. */
  log(name: KindName, message: string): void {
    const kind: Kind = KINDS[name];
    const text = printable(message);
    const time = this.#stamp();
    const indent = time.length + KIND_WIDTH + 4;
    const lines = this.#fold(text, indent).map((line) =>
      kind.message === undefined ? line : this.colorize(kind.message, line),
    );
    const head = `${this.colorize('dim', time)}  ${this.colorize(kind.mark, `${kind.symbol} ${name.padEnd(KIND_WIDTH)}`)}`;
    this.line(`${head}${lines.join(`\n${' '.repeat(indent)}`)}`);
  }

  /** On a terminal, prints an empty line before the next section. */
  paragraph(): void {
    if (this.#output.isTTY === true) this.line();
  }

  /** Prints a line without columns. */
  line(text = ''): void {
    const clear = this.#status === '' ? '' : this.#clearStatus;
    this.#output.write(`${clear}${text}\n${this.#status}`);
  }

  /** The max number of characters of a status; `null` without a terminal. */
  get statusWidth(): number | null {
    // A terminal of unknown size reports 0 columns.
    return this.#output.isTTY === true ? (this.#output.columns || ASSUMED_COLUMNS) - 1 : null;
  }

  /** Shows a text of one line or several below the last line, or removes it when `text` is empty. Does nothing without a terminal. */
  setStatus(text: string): void {
    if (this.#output.isTTY !== true || text === this.#status) return;
    this.#output.write(`${this.#clearStatus}${text}`);
    this.#status = text;
  }

  get #clearStatus(): string {
    const linesAbove = this.#status.split('\n').length - 1;
    return linesAbove === 0 ? CLEAR_LINE : `\r\u001B[${linesAbove}A\u001B[J`;
  }

  #fold(text: string, indent: number): string[] {
    const width = (this.#output.isTTY === true ? (this.#output.columns ?? 0) : 0) - indent;
    if (width < MIN_FOLD_WIDTH) return [text];
    const lines: string[] = [];
    for (const word of text.split(WORD_END)) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  }
}
