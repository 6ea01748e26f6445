/**
 * The opcodes, repeated here on purpose: an oracle that imported the client's table would share its mistakes.
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes
 */
export const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  voiceState: 4,
  resume: 6,
  reconnect: 7,
  members: 8,
  invalidSession: 9,
  hello: 10,
  ack: 11,
  sounds: 31,
  channelInfo: 43,
} as const;

/** What a client does by sending a packet. */
export type ClientAction = 'heartbeat' | 'identify' | 'resume' | 'command';

export const CLIENT_ACTIONS: ReadonlyMap<number, ClientAction> = new Map<number, ClientAction>([
  [OP.heartbeat, 'heartbeat'],
  [OP.identify, 'identify'],
  [OP.resume, 'resume'],
  [OP.presence, 'command'],
  [OP.voiceState, 'command'],
  [OP.members, 'command'],
  [OP.sounds, 'command'],
  [OP.channelInfo, 'command'],
]);

export const isSequence = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
