/** The rules a client of the gateway is held to: name, what it demands, and where Discord says so. */

export interface OracleRuleText {
  readonly demands: string;
  readonly link: string;
}

const GATEWAY = 'https://discord.com/developers/docs/events/gateway';
const EVENTS = 'https://discord.com/developers/docs/events/gateway-events';
const CODES = 'https://discord.com/developers/docs/topics/opcodes-and-status-codes';

export const ORACLE_RULES = {
  'gateway-query': {
    demands:
      'the URL of a connection says v, encoding=json, and of compress nothing or a transport compression there is',
    link: `${GATEWAY}#connecting`,
  },
  'hello-first': { demands: 'nothing is sent before HELLO', link: `${GATEWAY}#hello-event` },
  'decodable-frame': {
    demands: 'every frame is a JSON object with an integer op',
    link: `${EVENTS}#payload-structure`,
  },
  'client-opcode': { demands: 'every op is one that clients send', link: `${CODES}#gateway-gateway-opcodes` },
  'payload-size': { demands: 'no payload has more than 4096 bytes', link: `${GATEWAY}#sending-events` },
  'frame-limit': { demands: 'no 60 s hold more than 120 frames of a connection', link: `${GATEWAY}#rate-limiting` },
  'presence-limit': {
    demands: 'no 20 s hold more than 5 presences of a connection',
    link: `${EVENTS}#update-presence`,
  },
  'handshake-first': { demands: 'IDENTIFY or RESUME comes before any command', link: `${GATEWAY}#identifying` },
  'one-handshake': { demands: 'a connection carries one IDENTIFY or RESUME', link: `${GATEWAY}#identifying` },
  'ready-first': { demands: 'no command is sent before READY or RESUMED', link: `${GATEWAY}#ready-event` },
  'command-fields': { demands: 'a command has the fields its opcode wants', link: `${EVENTS}#send-events` },
  'heartbeat-first': {
    demands: 'the first heartbeat comes within one interval of HELLO',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-missing': {
    demands: 'an acknowledged heartbeat is followed by another one interval later, as long as the connection is open',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-pace': {
    demands: 'heartbeats the gateway did not ask for come one per interval, not faster',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'heartbeat-answer': { demands: 'op 1 is answered with a heartbeat at once', link: `${GATEWAY}#heartbeat-requests` },
  'heartbeat-sequence': {
    demands: 'd of a heartbeat is null or a sequence that was said in the session',
    link: `${EVENTS}#heartbeat`,
  },
  'heartbeat-order': { demands: 'd of a heartbeat never goes back on a connection', link: `${EVENTS}#heartbeat` },
  'heartbeat-fresh': {
    demands: 'd of a heartbeat is not behind what was said more than a round trip before',
    link: `${EVENTS}#heartbeat`,
  },
  'zombie-heartbeat': {
    demands: 'no heartbeat follows one that was not acknowledged',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'zombie-kept': {
    demands: 'a connection on which a heartbeat was not acknowledged is ended when the next one is due',
    link: `${GATEWAY}#sending-heartbeats`,
  },
  'close-when-asked': { demands: 'after op 7 and op 9 the client leaves the connection', link: `${GATEWAY}#resuming` },
  'identify-fields': {
    demands: 'IDENTIFY has a token, intents, properties, and what else it has is of the documented kind',
    link: `${EVENTS}#identify`,
  },
  'identify-host': { demands: 'IDENTIFY is sent to the main host', link: `${GATEWAY}#resuming` },
  'identify-spacing': {
    demands: 'IDENTIFYs of one key (shard id modulo max_concurrency) keep the interval between them',
    link: `${GATEWAY}#rate-limiting`,
  },
  'identify-budget': {
    demands: 'no IDENTIFY is sent with no session start left',
    link: `${GATEWAY}#session-start-limit-object`,
  },
  'resume-fields': { demands: 'RESUME has a token, a session id and a sequence', link: `${EVENTS}#resume` },
  'resume-session': { demands: 'RESUME names a session the gateway has given', link: `${GATEWAY}#resuming` },
  'resume-ended': {
    demands:
      'RESUME names no session that ended with op 9, with close 4003, 4007 or 4009, or with 1000 or 1001 by the client',
    link: `${CODES}#gateway-gateway-close-event-codes`,
  },
  'resume-sequence': {
    demands: 'seq of a RESUME is not ahead of what was said, nor behind what a heartbeat has confirmed',
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
    demands: 'nothing is sent after the close frame',
    link: `${GATEWAY}#initiating-a-disconnect`,
  },
} as const satisfies Readonly<Record<string, OracleRuleText>>;

/** The name of a rule. */
export type OracleRule = keyof typeof ORACLE_RULES;
