/** Which options of a manager go to the threads of its shards: data does, and what is asked for through the port. */
import { GatewayError } from '../../protocol/errors.ts';
import type { EventName } from '../../protocol/packets.ts';
import type { ShardOptions } from '../../shard/shard-options.ts';
import type { ResolvedManagerOptions } from '../manager-options.ts';
import type { CrossingOptions } from './messages.ts';

/** Functions and sockets stay where they were made, and a shard can't wait for an answer each time it would call one. */
const STAYS: Readonly<Partial<Record<keyof ShardOptions, string>>> = {
  agent: 'for a proxy, let rewriteUrl of a manager without workers, or the network, lead to it',
  createSocket: 'threads open their sockets with ws',
  rewriteUrl: 'threads connect to the URLs that Discord gives',
  inspect: 'an observer sees the machines of its own thread only, unless it knows managers, as that of createInspector() does',
  clock: 'threads have the time of the system',
  random: 'threads have Math.random',
};

/** @throws {@link GatewayError} `INVALID_OPTIONS` for one that can't be had together with workers. */
export function checkCrossing(options: Readonly<Partial<Record<string, unknown>>>): void {
  for (const [name, why] of Object.entries(STAYS)) {
    if (options[name] === undefined) continue;
    const hint = `Leave out ${name}, or set workers to 0.`;
    throw new GatewayError('INVALID_OPTIONS', `${name} can't be given together with workers: ${why}`, { hint });
  }
}

export function crossingOptions(options: ResolvedManagerOptions): CrossingOptions {
  const { intents, version, compression, maxMessageBytes, events, largeThreshold, properties, shouldReconnect, timing } = options;
  return {
    token: options.token.reveal(),
    intents,
    version,
    compression,
    maxMessageBytes,
    ...(events === null ? {} : { events: [...events] as EventName[] }),
    ...(largeThreshold === undefined ? {} : { largeThreshold }),
    properties,
    shouldReconnect,
    timing: { ...timing },
  };
}
