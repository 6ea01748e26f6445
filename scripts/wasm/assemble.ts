/** Assembles WebAssembly text into a TypeScript module, so that the package needs no other file than its code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'decoding', 'json-scanner');
const SOURCE = join(FOLDER, 'json-scanner.wat');
export const MODULE_FILE = join(FOLDER, 'json-scanner.wasm.ts');
const LINE_CHARS = 110;

/** Resolves with the source of the module. Rejects with the place of an error in the WebAssembly text. */
export async function assembledModule(): Promise<string> {
  const tools = await wabt();
  const module = tools.parseWat('json-scanner.wat', readFileSync(SOURCE, 'utf8'), { simd: true });
  try {
    module.validate();
    const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = Array.from({ length: Math.ceil(base64.length / LINE_CHARS) }, (_, n) =>
      base64.slice(n * LINE_CHARS, (n + 1) * LINE_CHARS),
    );
    return [
      '/** Made from `json-scanner.wat` by `npm run wasm`. */',
      'export const JSON_SCANNER_WASM = [',
      ...lines.map((line) => `  '${line}',`),
      "].join('');",
      '',
    ].join('\n');
  } finally {
    module.destroy();
  }
}
