/**
 * Set for every suite. Node strips types with WebAssembly in each thread, and V8 may abort when threads compile the
 * wrapper of the same import at once (`Check failed: jit_page.has_value()`). The flag stops V8 from compiling wrappers.
 * The published package is JavaScript and does not need the flag.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647');
