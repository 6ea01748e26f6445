/** Makes a module of TypeScript from one of WebAssembly text, so that the package needs no file beside its code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'decoding', 'json-scanner');
const SOURCE = join(FOLDER, 'json-scanner.wat');
export const MODULE_FILE = join(FOLDER, 'json-scanner.wasm.ts');
const LINE_CHARS = 110;

/** @throws with the place in the source, where it is wrong */
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
