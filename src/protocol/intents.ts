/**
 * Intents by name, and the bit field that IDENTIFY sends.
 * @see https://discord.com/developers/docs/events/gateway#gateway-intents
 */
import { GatewayError } from './errors.ts';
import { describeValue, isCount } from './validation.ts';

/** The bit of each intent, by name. The names are those of discord-api-types. */
export const Intents = {
  Guilds: 1 << 0,
  GuildMembers: 1 << 1,
  GuildModeration: 1 << 2,
  GuildExpressions: 1 << 3,
  GuildIntegrations: 1 << 4,
  GuildWebhooks: 1 << 5,
  GuildInvites: 1 << 6,
  GuildVoiceStates: 1 << 7,
  GuildPresences: 1 << 8,
  GuildMessages: 1 << 9,
  GuildMessageReactions: 1 << 10,
  GuildMessageTyping: 1 << 11,
  DirectMessages: 1 << 12,
  DirectMessageReactions: 1 << 13,
  DirectMessageTyping: 1 << 14,
  MessageContent: 1 << 15,
  GuildScheduledEvents: 1 << 16,
  AutoModerationConfiguration: 1 << 20,
  AutoModerationExecution: 1 << 21,
  GuildMessagePolls: 1 << 24,
  DirectMessagePolls: 1 << 25,
} as const;

/** The name of an intent, such as `Guilds`. */
export type IntentName = keyof typeof Intents;

/**
 * Returns the bit field for a list of names. Returns a number unchanged.
 * @throws {@link GatewayError} `INVALID_OPTIONS` for a name that is not in {@link Intents}, and for a number that is
 * negative or not an integer.
 */
export function resolveIntents(intents: number | readonly IntentName[]): number {
  if (typeof intents === 'number') {
    if (isCount(intents)) return intents;
    throw new GatewayError('INVALID_OPTIONS', `intents must be a non-negative integer, not ${String(intents)}`);
  }
  if (!Array.isArray(intents)) {
    throw new GatewayError('INVALID_OPTIONS', 'intents must be a number or a list of names such as "Guilds"');
  }
  let bits = 0;
  for (const name of intents as readonly string[]) {
    if (typeof name !== 'string' || !Object.hasOwn(Intents, name)) {
      throw new GatewayError(
        'INVALID_OPTIONS',
        `unknown intent ${describeValue(name)}; known: ${Object.keys(Intents).join(', ')}`,
      );
    }
    bits |= Intents[name as IntentName];
  }
  return bits;
}
