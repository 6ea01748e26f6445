/** The options `--inspect` and `--inspect-port`, which show the shards of a command on a local page. */
import { createInspector } from '../inspect/index.ts';
import type { Inspector } from '../inspect/index.ts';
import type { ManagerInspectionObserver } from '../index.ts';
import { messageOf } from '../protocol/network-errors.ts';
import { UsageError } from './command.ts';
import type { OptionValues } from './command.ts';
import type { OutputLog } from './output-log.ts';

const MAX_PORT = 65_535;

export const INSPECT_OPTIONS = { inspect: { type: 'boolean' }, 'inspect-port': { type: 'string' } } as const;

export const INSPECT_HELP = `      --inspect           show the shards on a local page too, and print its address
      --inspect-port N    the port of that page (any free port)`;

export interface InspectorHandle extends AsyncDisposable {
  /** `undefined` when no option asks for the inspector. */
  readonly inspect: ManagerInspectionObserver | undefined;
}

/** Returns the port, or 0 when the option is missing. @throws UsageError for an invalid port */
export function portFrom(option: string, value: OptionValues[string]): number {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value === undefined ? 0 : Number.NaN;
  if (!(port <= MAX_PORT)) throw new UsageError(`${option} must be a port from 0 to ${MAX_PORT}`);
  return port;
}

/** @throws UsageError when the port is taken */
export async function openInspector(port: number): Promise<Inspector> {
  try {
    return await createInspector({ port });
  } catch (cause) {
    throw new UsageError(`the inspector can't listen on port ${port}: ${messageOf(cause)}`, { cause });
  }
}

/** Opens the inspector and logs its address, if an option asks for it. */
export async function inspectorFrom(values: OptionValues, output: OutputLog): Promise<InspectorHandle> {
  if (values['inspect'] !== true && values['inspect-port'] === undefined)
    return { inspect: undefined, [Symbol.asyncDispose]: async () => undefined };
  const inspector = await openInspector(portFrom('--inspect-port', values['inspect-port']));
  output.log('note', `the inspector is at ${inspector.url}`);
  return inspector;
}
