/** Makes a module of TypeScript from one of WebAssembly text, so that the package needs no file beside its code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'protocol', 'scan');
const SOURCE = join(FOLDER, 'brackets.wat');
export const MODULE_FILE = join(FOLDER, 'brackets.wasm.ts');
const LINE_CHARS = 110;

/** @throws with the place in the source, where it is wrong */
export async function assembledModule(): Promise<string> {
  const tools = await wabt();
  const module = tools.parseWat('brackets.wat', readFileSync(SOURCE, 'utf8'), { simd: true });
  try {
    module.validate();
    const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = Array.from({ length: Math.ceil(base64.length / LINE_CHARS) }, (_, n) => base64.slice(n * LINE_CHARS, (n + 1) * LINE_CHARS));
    return [
      '/** Made from `brackets.wat` by `npm run wasm`. */',
      'export const BRACKETS_WASM = [',
      ...lines.map((line) => `  '${line}',`),
      "].join('');",
      '',
    ].join('\n');
  } finally {
    module.destroy();
  }
}
