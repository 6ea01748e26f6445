/** `npm run wasm`: assembles the WebAssembly source, and writes it as a module that the sources can import. */
import { writeFileSync } from 'node:fs';
import { MODULE_FILE, assembledModule } from './wasm/assemble.ts';

writeFileSync(MODULE_FILE, await assembledModule());
