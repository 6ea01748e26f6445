/** Creates worker threads, whichever way Node was started. */
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * The flag says what `-e` or stdin contains. A thread inherits it, and Node then refuses to run a file in the thread.
 * @see https://nodejs.org/api/cli.html#--input-typetype
 */
const INPUT_TYPE = '--input-type';
const INPUT_TYPE_IN_TEXT = /(^|\s)--input-type(=|\s+)\S+/g;

const withoutInputType = (args: readonly string[]): string[] =>
  args.filter((arg, index) => !arg.startsWith(INPUT_TYPE) && args[index - 1] !== INPUT_TYPE);

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

/** @throws when Node creates no thread, such as with `--permission` and without `--allow-worker` */
export function createWorker(entry: URL, name: string): Worker {
  const options = inheritedOptions();
  if (options.execArgv === undefined) return new Worker(entry, { ...options, name });
  try {
    return new Worker(entry, { ...options, name });
  } catch {
    // Flags of V8 and of the process hold for all threads, and can't be listed for one.
    return new Worker(entry, { ...options, execArgv: [], name });
  }
}
