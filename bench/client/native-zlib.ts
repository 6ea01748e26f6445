/**
 * Loads `zlib-sync`. It needs a compiler, so `npm run bench:native` builds it in its own folder, and only the cases
 * that measure it can import it.
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FOLDER = join(import.meta.dirname, '..', 'native');
const ADD_ON = 'zlib-sync';

/** Returns why `zlib-sync` can't be used, or `null`. */
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

/** From now on, every import of `zlib-sync` in this process finds it. */
export function useNativeZlib(): void {
  const url = pathToFileURL(createRequire(join(FOLDER, 'package.json')).resolve(ADD_ON)).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === ADD_ON ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
  });
}
