/**
 * Loaded with `--import` for `SHARDWRIGHT_CODEC=stream`, in the process and in its threads: shards use the public
 * streams of `node:zlib`, as on a Node whose native handle is not trusted.
 */
import { registerHooks } from 'node:module';

const SELF_TEST = '/src/decoding/sync-inflater-self-test.ts';

registerHooks({
  load: (url, context, nextLoad) =>
    url.endsWith(SELF_TEST)
      ? { format: 'module', shortCircuit: true, source: 'export const isSyncInflateTrusted = () => false;' }
      : nextLoad(url, context),
});
