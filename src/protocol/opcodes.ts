/**
 * Gateway opcodes by name.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes
 */
export const Opcodes = {
  Dispatch: 0,
  Heartbeat: 1,
  Identify: 2,
  PresenceUpdate: 3,
  VoiceStateUpdate: 4,
  Resume: 6,
  Reconnect: 7,
  RequestGuildMembers: 8,
  InvalidSession: 9,
  Hello: 10,
  HeartbeatAck: 11,
  RequestSoundboardSounds: 31,
  RequestChannelInfo: 43,
} as const;

/** The name of an opcode, such as `Heartbeat`. */
export type OpcodeName = keyof typeof Opcodes;

const NAMES = new Map<number, OpcodeName>(
  Object.entries(Opcodes).map(([name, opcode]) => [opcode, name as OpcodeName]),
);

/** Returns the name of an opcode in Discord's documentation, or `op N` if it is not listed there. */
export const opcodeName = (opcode: number): string => NAMES.get(opcode) ?? `op ${opcode}`;
