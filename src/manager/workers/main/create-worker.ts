/** Creates worker threads, whichever way Node was started. */
// webpack bundles the thread's file only if this import has no `node:`.
import { Worker } from 'worker_threads';
import type { WorkerOptions } from 'worker_threads';
import { scannerData } from '../../../decoding/json-scanner/json-scanner.ts';

/**
 * The flag says what `-e` or stdin contains. A thread inherits it, and Node then refuses to run a file in the thread.
 * @see https://nodejs.org/api/cli.html#--input-typetype
 */
const INPUT_TYPE = '--input-type';
const INPUT_TYPE_IN_TEXT = /(^|\s)--input-type(=|\s+)\S+/g;

const withoutInputType = (args: readonly string[]): string[] =>
  args.filter((arg, index) => !arg.startsWith(INPUT_TYPE) && args[index - 1] !== INPUT_TYPE);

/**
 * The max size of V8's young generation in a thread, in MB: that of `--max-semi-space-size=2`. V8 would let it grow to 96
 * MB or more while many shards connect, and releases it late. Dispatches live too short to need that much.
 */
const YOUNG_GENERATION_MB = 6;

/** Flags with which you choose the size yourself. They hold for threads too. */
const SEMI_SPACE_FLAG = /(^|\s)--(min[-_]|max[-_])?semi[-_]space/;

function youngGenerationLimit(): Pick<WorkerOptions, 'resourceLimits'> {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  if (flags.some((flag) => SEMI_SPACE_FLAG.test(flag))) return {};
  return { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } };
}

/** Returns the options that differ from what a thread inherits; none, as a rule. */
function inheritedOptions(): Pick<WorkerOptions, 'execArgv' | 'env'> {
  const { execArgv, env } = process;
  const nodeOptions = env['NODE_OPTIONS'] ?? '';
  const isInArgs = execArgv.some((arg) => arg.startsWith(INPUT_TYPE));
  const isInEnv = nodeOptions.includes(INPUT_TYPE);
  return {
    ...(isInArgs ? { execArgv: withoutInputType(execArgv) } : {}),
    ...(isInEnv ? { env: { ...env, NODE_OPTIONS: nodeOptions.replaceAll(INPUT_TYPE_IN_TEXT, '') } } : {}),
  };
}

/** `undefined` in a bundle in CommonJS format, where some bundlers leave `import.meta` empty. */
const OWN_URL = import.meta.url as string | undefined;

/** Run from the sources, there is no JavaScript file. */
const SOURCE_ENTRY = OWN_URL?.endsWith('.ts') ? new URL('../thread/entry.ts', OWN_URL) : null;

function startWorker(threadUrl: URL | null, options: WorkerOptions): Worker {
  const url = threadUrl ?? SOURCE_ENTRY;
  if (url !== null) return new Worker(url, options);
  // Bundlers know exactly this expression as a second entry. They bundle the thread too, and put its URL here.
  return new Worker(new URL('../thread/entry.js', import.meta.url), options);
}

/**
 * @param threadUrl - the file that the thread runs; `null` for that of this package
 * @throws when Node creates no thread, such as with `--permission` and without `--allow-worker`
 */
export function createWorker(threadUrl: URL | null, name: string): Worker {
  const options = { ...inheritedOptions(), ...youngGenerationLimit(), workerData: scannerData() };
  if (options.execArgv === undefined) return startWorker(threadUrl, { ...options, name });
  try {
    return startWorker(threadUrl, { ...options, name });
  } catch {
    // Flags of V8 and of the process hold for all threads, and can't be listed for one.
    return startWorker(threadUrl, { ...options, execArgv: [], name });
  }
}
