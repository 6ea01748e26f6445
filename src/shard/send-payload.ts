/** The way of a payload of yours: it is checked, its presence or voice state is remembered, and it is queued. */
import { assertCallOptions } from '../protocol/call-options.ts';
import { Opcodes } from '../protocol/opcodes.ts';
import type { SendPayload } from '../protocol/packets.ts';
import { checkPayload } from '../protocol/payloads.ts';
import type { SendOptions } from './command-sender.ts';
import type { ShardRuntime } from './shard-runtime.ts';

export async function sendPayload(
  { queue, presence, voiceStates }: ShardRuntime,
  candidate: SendPayload,
  options: SendOptions,
): Promise<void> {
  assertCallOptions('send()', options);
  const { signal, ignoreRateLimit = false } = options;
  const { text, payload } = checkPayload(candidate);
  const isPresence = payload.op === Opcodes.PresenceUpdate;
  if (isPresence && !queue.isStopped) presence.set(payload.d);
  const kind = isPresence ? 'presence' : ignoreRateLimit ? 'priority' : 'command';
  const send = (): Promise<void> => queue.send(kind, text, signal);
  const isTracked = voiceStates !== null && payload.op === Opcodes.VoiceStateUpdate;
  await (isTracked ? voiceStates.track(payload.d, send) : send());
}
