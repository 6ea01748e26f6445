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

export type OpcodeName = keyof typeof Opcodes;

const NAMES = new Map<number, OpcodeName>(
  Object.entries(Opcodes).map(([name, opcode]) => [opcode, name as OpcodeName]),
);

/** The name Discord's documentation gives an opcode, or `op N` for one it does not list. */
export const opcodeName = (opcode: number): string => NAMES.get(opcode) ?? `op ${opcode}`;
