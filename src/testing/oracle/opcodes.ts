/**
 * The opcodes, written down once more: an oracle that took them from the client's table would share its mistakes.
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

/** What a client sends, by what it is for. */
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

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSequence = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
