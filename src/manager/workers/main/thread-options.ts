/** Which options of a manager go to its worker threads: those that all shards share and that are plain data. */
import { GatewayError } from '../../../protocol/errors.ts';
import type { AnyEventName } from '../../../protocol/packets.ts';
import type { ResolvedOptions, ShardOptions } from '../../../shard/shard-options.ts';
import type { ThreadOptions } from '../wire/messages.ts';

/** Functions and sockets can't be sent to a thread, and a shard can't wait for an answer whenever it would call one. */
const UNSUPPORTED_OPTIONS: Readonly<Partial<Record<keyof ShardOptions, string>>> = {
  agent: 'an HTTP agent holds sockets, which stay in the thread that opened them',
  createSocket: 'worker threads open their sockets with ws',
  rewriteUrl: 'worker threads connect to the URLs that Discord gives',
  inspect: 'an XState observer sees only the machines of its own thread; the observer of createInspector() works',
  clock: 'worker threads use the system clock',
  random: 'worker threads draw their own random numbers',
};

/** @throws {@link GatewayError} `INVALID_OPTIONS` for an option that does not work together with `workers`. */
export function assertThreadable(options: Readonly<Partial<Record<string, unknown>>>): void {
  for (const [name, reason] of Object.entries(UNSUPPORTED_OPTIONS)) {
    if (options[name] === undefined) continue;
    const hint = `Leave out ${name}, or set workers to 0.`;
    throw new GatewayError('INVALID_OPTIONS', `${name} can't be used together with workers: ${reason}`, { hint });
  }
}

/** @param proxy - the option as it was given; the threads have the environment of the process */
export function toThreadOptions(
  options: ResolvedOptions & { readonly observers: readonly unknown[] },
  proxy: ShardOptions['proxy'],
): ThreadOptions {
  const {
    intents,
    allowedHosts,
    version,
    compression,
    maxMessageBytes,
    maxBufferedBytes,
    events,
    largeThreshold,
    properties,
    shouldReconnect,
    restoreVoiceStates,
    warmStart,
    observers,
    timing,
  } = options;
  return {
    token: options.token.reveal(),
    intents,
    version,
    compression,
    maxMessageBytes,
    maxBufferedBytes,
    ...(proxy === undefined ? {} : { proxy: proxy === false ? proxy : String(proxy) }),
    ...(allowedHosts === null ? {} : { allowedHosts }),
    ...(events === null ? {} : { events: [...events] as AnyEventName[] }),
    ...(largeThreshold === undefined ? {} : { largeThreshold }),
    properties,
    shouldReconnect,
    restoreVoiceStates,
    warmStart,
    isObservable: observers.length > 0,
    timing: { ...timing },
  };
}
