/**
 * Finds brackets in JSON without decoding it. The WebAssembly version looks at 64 bytes at a time; texts of any size
 * pass through a window of its memory. Without WebAssembly a plain loop does the same.
 */
import { workerData } from 'node:worker_threads';
import { JSON_SCANNER_WASM } from './json-scanner.wasm.ts';

/** Node has WebAssembly, but its types come only with those of browsers. */
interface WebAssemblyGlobal {
  readonly WebAssembly: {
    readonly Module: new (code: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
}

interface ScannerExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(): void;
  findObjectEnd(from: number, length: number, isFirst: 0 | 1): number;
  findChunks(length: number, base: number, minBytes: number): number;
}

interface Scanner {
  readonly wasm: ScannerExports;
  readonly window: Uint8Array;
  /** The output of `findChunks`. */
  readonly positions: Int32Array;
}

const WINDOW_BYTES = 65_536;
/** Behind the window, and behind the bytes that are written past its end. */
const POSITIONS_AT = 0x11000;

/** The name of the compiled module in the data of a thread. */
const MODULE = 'shardwright scanner';

let ownModule: object | undefined;

/** Returns the module that the starter of this thread has compiled, or compiles it. Throws without WebAssembly. */
function compiledModule(): object {
  const given = (workerData as Readonly<Record<string, object>> | null | undefined)?.[MODULE];
  if (given !== undefined) return given;
  const { WebAssembly } = globalThis as unknown as WebAssemblyGlobal;
  ownModule ??= new WebAssembly.Module(Buffer.from(JSON_SCANNER_WASM, 'base64'));
  return ownModule;
}

/**
 * Returns what a new thread needs in its `workerData`. All threads share one module, so that V8 does not compile and
 * release its code each time a thread starts and ends: V8 can end a process whose threads do that.
 * @see https://github.com/nodejs/node/issues/64500
 */
export function scannerData(): Readonly<Record<string, object>> {
  try {
    return { [MODULE]: compiledModule() };
  } catch {
    return {};
  }
}

function load(): Scanner | null {
  try {
    const { WebAssembly } = globalThis as unknown as WebAssemblyGlobal;
    const wasm = new WebAssembly.Instance(compiledModule()).exports as ScannerExports;
    const { buffer } = wasm.memory;
    return { wasm, window: new Uint8Array(buffer, 0, WINDOW_BYTES), positions: new Int32Array(buffer, POSITIONS_AT) };
  } catch {
    // Forbidden, as with `--jitless`, or the processor lacks the instructions.
    return null;
  }
}

/** `undefined` until its first use. */
let scanner: Scanner | null | undefined;

/**
 * Returns the index after the bracket that closes the one at `from`; -1 if there is none before `end`. It may be any
 * other number if brackets do not match, which JSON does not allow.
 */
export function findObjectEnd(bytes: Uint8Array, from: number, end: number): number {
  scanner ??= load();
  return scanner === null ? findObjectEndScalar(bytes, from, end) : findObjectEndSimd(scanner, bytes, from, end);
}

function findObjectEndSimd({ wasm, window }: Scanner, bytes: Uint8Array, from: number, end: number): number {
  // Creating a view of a part costs more than copying the whole.
  if (bytes.length <= WINDOW_BYTES) {
    window.set(bytes);
    return wasm.findObjectEnd(from, end, 1);
  }
  for (let at = from; at < end; at += WINDOW_BYTES) {
    const until = Math.min(end, at + WINDOW_BYTES);
    window.set(bytes.subarray(at, until));
    const closed = wasm.findObjectEnd(0, until - at, at === from ? 1 : 0);
    if (closed !== -1) return at + closed;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** `[` and `{` differ in this bit only, and so do `]` and `}`. */
const BRACE = 0x20;

/** {@link findObjectEnd} without WebAssembly. */
export function findObjectEndScalar(bytes: Uint8Array, from: number, end: number): number {
  let depth = 0;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      for (at += 1; at < end && bytes[at] !== QUOTE; at += 1) if (bytes[at] === BACKSLASH) at += 1;
    } else if ((byte | BRACE) === OPENING_BRACE) depth += 1;
    else if ((byte | BRACE) === CLOSING_BRACE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/**
 * Returns where the long lists directly in `d` of a packet can be cut: the beginning and end of each chunk, without the
 * commas and brackets around it. Every chunk but the last of a list has at least `minBytes`; a shorter list is not cut.
 * Returns an empty array without WebAssembly, or if the packet has no such list.
 */
export function findChunks(bytes: Uint8Array, minBytes: number): number[] {
  scanner ??= load();
  const found: number[] = [];
  if (scanner === null) return found;
  const { wasm, window, positions } = scanner;
  wasm.reset();
  for (let at = 0; at < bytes.length; at += WINDOW_BYTES) {
    const until = Math.min(bytes.length, at + WINDOW_BYTES);
    window.set(bytes.subarray(at, until));
    const count = wasm.findChunks(until - at, at, minBytes);
    for (let index = 0; index < count; index += 1) found.push(positions[index] ?? 0);
  }
  return found;
}
