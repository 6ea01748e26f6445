/** Which options of a manager can't go to the threads of its shards. */
import { GatewayError } from '../../../protocol/errors.ts';
import type { ShardOptions } from '../../../shard/shard-options.ts';

/** Functions and sockets stay where they were made, and a shard can't wait for an answer each time it would call one. */
const UNSUPPORTED_OPTIONS: Readonly<Partial<Record<keyof ShardOptions, string>>> = {
  agent: 'for a proxy, let rewriteUrl of a manager without workers, or the network, lead to it',
  createSocket: 'threads open their sockets with ws',
  rewriteUrl: 'threads connect to the URLs that Discord gives',
  inspect:
    'an observer sees the machines of its own thread only, unless it knows managers, as that of createInspector() does',
  clock: 'threads have the time of the system',
  random: 'threads roll dice of their own',
};

/** @throws {@link GatewayError} `INVALID_OPTIONS` for one that can't be had together with workers. */
export function assertThreadable(options: Readonly<Partial<Record<string, unknown>>>): void {
  for (const [name, why] of Object.entries(UNSUPPORTED_OPTIONS)) {
    if (options[name] === undefined) continue;
    const hint = `Leave out ${name}, or set workers to 0.`;
    throw new GatewayError('INVALID_OPTIONS', `${name} can't be given together with workers: ${why}`, { hint });
  }
}
