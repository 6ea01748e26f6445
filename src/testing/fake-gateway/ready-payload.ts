/**
 * The data of READY.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import type { GatewayContext } from './gateway-context.ts';
import type { FakeSession } from './sessions.ts';

export const readyData = (context: GatewayContext, session: FakeSession, version: number): unknown => ({
  v: version,
  user: {
    id: context.userId,
    username: 'fake-bot',
    discriminator: '0',
    global_name: null,
    avatar: null,
    bot: true,
    verified: true,
    mfa_enabled: false,
    email: null,
    flags: 0,
  },
  guilds: context.guilds.forShard(session.shard).map(({ id }) => ({ id, unavailable: true })),
  session_id: session.id,
  session_type: 'normal',
  resume_gateway_url: context.resumeUrl,
  shard: session.shard,
  application: { id: context.applicationId, flags: 0 },
  private_channels: [],
  relationships: [],
  presences: [],
  guild_join_requests: [],
  _trace: ['fake-gateway'],
});
