/** `npm run wasm`: assembles what is written in WebAssembly, and writes it where the sources can import it. */
import { writeFileSync } from 'node:fs';
import { MODULE_FILE, assembledModule } from './wasm/assemble.ts';

writeFileSync(MODULE_FILE, await assembledModule());
