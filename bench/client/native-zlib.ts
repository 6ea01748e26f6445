/**
 * `zlib-sync` needs a compiler, so it is not installed with the rest: `npm run bench:native` builds it in a place of
 * its own, and only the cases that are about it find it.
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FOLDER = join(import.meta.dirname, '..', 'native');
const ADD_ON = 'zlib-sync';

/** Why it can't be used, or `null` when it can. */
export function nativeZlibProblem(): string | null {
  if (!existsSync(join(FOLDER, 'node_modules', ADD_ON)))
    return `${ADD_ON} is not built; npm run bench:native builds it`;
  try {
    createRequire(join(FOLDER, 'package.json'))(ADD_ON);
    return null;
  } catch (error) {
    const [why = ''] = String(error instanceof Error ? error.message : error).split('\n');
    return `${ADD_ON} can't be loaded (${why}); npm run bench:native builds it`;
  }
}

/** From here on whoever asks for `zlib-sync` in this process gets it. */
export function useNativeZlib(): void {
  const url = pathToFileURL(createRequire(join(FOLDER, 'package.json')).resolve(ADD_ON)).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === ADD_ON ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
  });
}
