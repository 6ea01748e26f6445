/** The packets of the handshake. */
export const TOKEN = 'bench';
export const Op = { dispatch: 0, heartbeat: 1, identify: 2, resume: 6, hello: 10, ack: 11 } as const;

export interface Packet {
  readonly op: number;
  readonly d?: unknown;
}

export const helloText = (heartbeatIntervalMs: number): string =>
  JSON.stringify({ t: null, s: null, op: Op.hello, d: { heartbeat_interval: heartbeatIntervalMs, _trace: [] } });

export const ACK_TEXT = '{"t":null,"s":null,"op":11,"d":null}';

export const resumedText = (sequence: number): string => `{"t":"RESUMED","s":${sequence},"op":0,"d":{"_trace":[]}}`;

const BOT = {
  id: '900000000000000003',
  username: 'bench',
  discriminator: '0',
  global_name: null,
  avatar: null,
  bot: true,
  verified: true,
  mfa_enabled: false,
  email: null,
  flags: 0,
};

export const readyText = (sessionId: string, url: string, shard: readonly [number, number]): string =>
  JSON.stringify({
    t: 'READY',
    s: 1,
    op: Op.dispatch,
    d: {
      v: 10,
      user: BOT,
      guilds: [],
      session_id: sessionId,
      session_type: 'normal',
      resume_gateway_url: url,
      shard,
      application: { id: BOT.id, flags: 0 },
      private_channels: [],
      relationships: [],
      presences: [],
      guild_join_requests: [],
      user_settings: {},
      _trace: [],
    },
  });

/** Returns the answer to `GET /gateway/bot`: all shards may identify at the same time. */
export const gatewayBot = (url: string, shards: number): string =>
  JSON.stringify({
    url,
    shards,
    session_start_limit: { total: 1_000_000, remaining: 1_000_000, reset_after: 86_400_000, max_concurrency: shards },
  });

/** Returns the time in ms, on a clock that all processes of the machine share. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6;
