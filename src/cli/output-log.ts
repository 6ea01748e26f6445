/**
 * The one stream everything is told in: when, what kind of thing, and the thing in words, in columns. On a terminal
 * long lines are folded under their own column; elsewhere a line stays a line.
 */
import type { Colorize, Style } from './colors.ts';
import { colorizeFor } from './colors.ts';

interface Kind {
  readonly symbol: string;
  /** Of symbol and word. */
  readonly mark: Style;
  /** Of the message, where it is not plain. */
  readonly message?: Style;
}

const KINDS = {
  note: { symbol: '·', mark: 'dim' },
  state: { symbol: '●', mark: 'cyan' },
  hello: { symbol: '·', mark: 'dim', message: 'dim' },
  beat: { symbol: '♥', mark: 'magenta', message: 'dim' },
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
/** A number stays with its unit. */
const WORD_END = / (?!m?s\b)/;
/** Back to the start of the line, and empty. */
const CLEAR_LINE = '\r\u001B[2K';
const ASSUMED_COLUMNS = 80;
/** Narrower than this, folding would only make it worse. */
const MIN_FOLD_WIDTH = 40;

/** `  3.141`: seconds since now. */
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
  /** What stands below the last line; only on a terminal. */
  #status = '';

  constructor(stamp: () => string, output: Output = process.stdout, environment: NodeJS.ProcessEnv = process.env) {
    this.#stamp = stamp;
    this.#output = output;
    this.colorize = colorizeFor(output, environment);
  }

  log(name: KindName, text: string): void {
    const kind: Kind = KINDS[name];
    const time = this.#stamp();
    const indent = time.length + KIND_WIDTH + 4;
    const lines = this.#fold(text, indent).map((line) =>
      kind.message === undefined ? line : this.colorize(kind.message, line),
    );
    const head = `${this.colorize('dim', time)}  ${this.colorize(kind.mark, `${kind.symbol} ${name.padEnd(KIND_WIDTH)}`)}`;
    this.line(`${head}${lines.join(`\n${' '.repeat(indent)}`)}`);
  }

  /** On a terminal, an empty line before what begins. */
  paragraph(): void {
    if (this.#output.isTTY === true) this.line();
  }

  /** A line outside of the columns. */
  line(text = ''): void {
    const clear = this.#status === '' ? '' : CLEAR_LINE;
    this.#output.write(`${clear}${text}\n${this.#status}`);
  }

  /** How many characters a status may have; `null` where there is no terminal to keep one on. */
  get statusWidth(): number | null {
    // A terminal that does not know its size says 0.
    return this.#output.isTTY === true ? (this.#output.columns || ASSUMED_COLUMNS) - 1 : null;
  }

  /** Keeps a line below all others, until it is set to nothing. Elsewhere than on a terminal nothing is shown. */
  setStatus(text: string): void {
    if (this.#output.isTTY !== true || text === this.#status) return;
    this.#status = text;
    this.#output.write(`${CLEAR_LINE}${text}`);
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
