/** The rules by which the oracle judges clients: their names, what they demand, and Discord's page behind each. */

/** The description of a rule. */
export interface OracleRuleText {
  /** A sentence that says what the rule demands. */
  readonly demands: string;
  /** The page of Discord's documentation behind the rule. */
  readonly link: string;
}

const GATEWAY = 'https://discord.com/developers/docs/events/gateway';
const EVENTS = 'https://discord.com/developers/docs/events/gateway-events';
const CODES = 'https://discord.com/developers/docs/topics/opcodes-and-status-codes';

/** All rules of the oracle, by name. */
export const ORACLE_RULES = {
  'gateway-query': {
    demands: 'the URL of a connection has v, encoding=json, and either no compress or a known transport compression',
    link: `${GATEWAY}#connecting`,
  },
  'hello-first': { demands: 'the client sends nothing before HELLO', link: `${GATEWAY}#hello-event` },
  'decodable-frame': {
    demands: 'every frame is a JSON object with an integer op',
    link: `${EVENTS}#payload-structure`,
  },
  'client-opcode': { demands: 'every op is one that clients may send', link: `${CODES}#gateway-gateway-opcodes` },
  'payload-size': { demands: 'a payload has at most 4096 bytes', link: `${GATEWAY}#sending-events` },
  'frame-limit': { demands: 'a connection carries at most 120 frames in any 60 s', link: `${GATEWAY}#rate-limiting` },
  'presence-limit': {
    demands: 'a connection carries at most 5 presences in any 20 s',
    link: `${EVENTS}#update-presence`,
  },
  'handshake-first': {
    demands: 'the client sends IDENTIFY or RESUME before any command',
    link: `${GATEWAY}#identifying`,
  },
  'one-handshake': { demands: 'a connection carries only one IDENTIFY or RESUME', link: `${GATEWAY}#identifying` },
  'ready-first': { demands: 'the client sends no command before READY or RESUMED', link: `${GATEWAY}#ready-event` },
  'command-fields': { demands: 'a command has the fields that its opcode requires', link: `${EVENTS}#send-events` },
  'heartbeat-first': {
    demands: 'the first heartbeat comes within one interval of HELLO',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-missing': {
    demands: 'while the connection is open, another heartbeat follows one interval after an acknowledged one',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-pace': {
    demands: 'the client sends one heartbeat per interval, and more only when op 1 asks for them',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-answer': {
    demands: 'the client answers op 1 with a heartbeat at once',
    link: `${GATEWAY}#heartbeat-requests`,
  },
  'heartbeat-sequence': {
    demands: 'd of a heartbeat is null or a sequence that the gateway sent in the session',
    link: `${EVENTS}#heartbeat`,
  },
  'heartbeat-order': { demands: 'd of a heartbeat does not decrease on a connection', link: `${EVENTS}#heartbeat` },
  'heartbeat-fresh': {
    demands: 'd of a heartbeat is at least the sequence that was sent a round trip before',
    link: `${EVENTS}#heartbeat`,
  },
  'zombie-heartbeat': {
    demands: 'no heartbeat follows one that was not acknowledged',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'zombie-kept': {
    demands: 'the client ends a connection when a heartbeat is still not acknowledged at the time of the next one',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'close-when-asked': { demands: 'the client leaves the connection after op 7 and op 9', link: `${GATEWAY}#resuming` },
  'identify-fields': {
    demands: 'IDENTIFY has a token, intents and properties, and its other fields have the documented types',
    link: `${EVENTS}#identify`,
  },
  'identify-host': { demands: 'IDENTIFY is sent to the main host', link: `${GATEWAY}#resuming` },
  'identify-spacing': {
    demands: 'IDENTIFYs of one key (shard id modulo max_concurrency) are at least the interval apart',
    link: `${GATEWAY}#rate-limiting`,
  },
  'identify-budget': {
    demands: 'the client sends no IDENTIFY when no session start is left',
    link: `${GATEWAY}#session-start-limit-object`,
  },
  'resume-fields': { demands: 'RESUME has a token, a session id and a sequence', link: `${EVENTS}#resume` },
  'resume-session': { demands: 'RESUME names a session that the gateway has started', link: `${GATEWAY}#resuming` },
  'resume-ended': {
    demands:
      'RESUME names no session that has ended: by op 9, by close code 4003, 4007 or 4009, or by 1000 or 1001 from the client',
    link: `${CODES}#gateway-gateway-close-event-codes`,
  },
  'resume-sequence': {
    demands: 'seq of a RESUME is at most the last sequence sent',
    link: `${EVENTS}#resume`,
  },
  'resume-repeat': {
    demands: 'seq of a RESUME is at least the one in the last heartbeat: nothing that was received is asked for again',
    link: `${EVENTS}#resume`,
  },
  'resume-host': {
    demands: 'RESUME is sent to the resume host of its session, or to the main host',
    link: `${GATEWAY}#resuming`,
  },
  'session-query': {
    demands: 'all connections of a session have the same v, encoding and compress',
    link: `${GATEWAY}#resuming`,
  },
  'token-constant': { demands: 'the token stays the same', link: `${EVENTS}#identify` },
  'silence-after-close': {
    demands: 'the client sends nothing after its close frame',
    link: `${GATEWAY}#initiating-a-disconnect`,
  },
} as const satisfies Readonly<Record<string, OracleRuleText>>;

/** The name of a rule of the oracle. */
export type OracleRule = keyof typeof ORACLE_RULES;
