/**
 * For every suite: Node strips the types of each thread's modules with WebAssembly, and V8 may abort when threads compile
 * the wrapper of the same import at once (`Check failed: jit_page.has_value()`); so it compiles none. The published
 * package is JavaScript, and has none of this.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647');
