/**
 * Sends a presence that the session does not have yet. A resumed session keeps its presence, so after a restart with
 * another one, Discord would go on to show the old.
 * @see https://discord.com/developers/docs/events/gateway-events#update-presence
 */
import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { SendQueue } from '../connection/send-queue.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { CurrentSession } from '../session/current-session.ts';
import type { CurrentPresence } from './current-presence.ts';

export const presencePayload = (presence: GatewayPresenceUpdateData): string =>
  JSON.stringify({ op: Opcodes.PresenceUpdate, d: presence });

interface PresenceSender {
  readonly presence: CurrentPresence;
  readonly session: CurrentSession;
  readonly queue: SendQueue;
}

/** Called when the shard is ready. Without a presence in the options, the session keeps the one it has. */
export function sendChangedPresence({ presence, session, queue }: PresenceSender): void {
  if (presence.value === undefined) return;
  const payload = presencePayload(presence.value);
  if (!session.hasPresence(payload)) void queue.send('presence', payload).catch(() => undefined);
}
