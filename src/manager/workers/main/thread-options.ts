/** What goes to the threads of a manager's options: what all shards share, and is data. */
import type { EventName } from '../../../protocol/packets.ts';
import type { ResolvedManagerOptions } from '../../manager-options.ts';
import type { ThreadOptions } from '../wire/messages.ts';

export function toThreadOptions(options: ResolvedManagerOptions): ThreadOptions {
  const {
    intents,
    version,
    compression,
    maxMessageBytes,
    events,
    largeThreshold,
    properties,
    shouldReconnect,
    timing,
  } = options;
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
