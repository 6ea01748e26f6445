/** The inspector with an open page, if this version of the package has an inspector. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ShardOptions } from '../../src/index.ts';

const MODULE = join(import.meta.dirname, '..', '..', 'src', 'inspect', 'index.ts');

interface InspectModule {
  readonly createInspector: () => Promise<{
    readonly url: string;
    readonly inspect: NonNullable<ShardOptions['inspect']>;
  }>;
}

/** Returns why the inspector can't be measured, or `null`. */
export const inspectorProblem = (): string | null => (existsSync(MODULE) ? null : 'this version has no inspector');

interface Welcome {
  readonly shards?: readonly { readonly key: string }[];
}

/** Opens a page and selects the first shard. The shard's process pays for the page, as in a real bot. */
export async function createInspector(): Promise<NonNullable<ShardOptions['inspect']>> {
  const { createInspector: start } = (await import(pathToFileURL(MODULE).href)) as InspectModule;
  const { url, inspect } = await start();
  const page = new WebSocket(`${url.replace('http:', 'ws:')}live`, { headers: { origin: url.replace(/\/$/, '') } });
  let isWatching = false;
  page.on('message', (data: Buffer) => {
    if (isWatching) return;
    const [first] = (JSON.parse(data.toString()) as Welcome).shards ?? [];
    if (first === undefined) return;
    isWatching = true;
    page.send(JSON.stringify({ type: 'select', shard: first.key }));
  });
  await once(page, 'open');
  return inspect;
}
