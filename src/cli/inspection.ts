/** `--inspect`: the shards of a command on a local page. */
import { createInspector } from '../inspect/index.ts';
import type { InspectionObserver } from '../index.ts';
import type { Values } from './command.ts';
import { textOf } from './command.ts';
import type { Stream } from './stream.ts';
import { UsageError } from './usage-error.ts';

const LARGEST_PORT = 65_535;

export const INSPECT_OPTIONS = { inspect: { type: 'boolean' }, 'inspect-port': { type: 'string' } } as const;

export const INSPECT_HELP = `      --inspect           show it on a local page as well, and print its address
      --inspect-port N    the port of that page (a free one)`;

export interface Inspection extends AsyncDisposable {
  readonly inspect: InspectionObserver;
}

function portFrom(values: Values): number {
  const text = textOf(values, 'inspect-port') ?? '0';
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= LARGEST_PORT)) throw new UsageError(`--inspect-port must be a port from 0 to ${LARGEST_PORT}`);
  return port;
}

/** The inspector that was asked for, with its address told; or none. */
export async function inspection(values: Values, stream: Stream): Promise<Inspection> {
  if (values['inspect'] !== true && values['inspect-port'] === undefined) return { inspect: {}, [Symbol.asyncDispose]: async () => undefined };
  const port = portFrom(values);
  const inspector = await createInspector({ port }).catch((cause: unknown) => {
    throw new UsageError(`the inspector can't listen on port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  stream.tell('note', `the inspector is at ${inspector.url}`);
  return inspector;
}

/** One observer out of several. */
export const together = (...observers: readonly InspectionObserver[]): InspectionObserver => ({
  attach: (shard) => {
    for (const observer of observers) observer.attach?.(shard);
  },
});
