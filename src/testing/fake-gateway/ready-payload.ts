/**
 * The data of READY.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import { botUser } from './bot-identity.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { FakeSession } from './sessions.ts';

export const readyData = (context: GatewayContext, session: FakeSession, version: number): unknown => ({
  v: version,
  user: botUser(context),
  guilds: context.guilds.forShard(session.shard).map(({ id }) => ({ id, unavailable: true })),
  session_id: session.id,
  session_type: 'normal',
  resume_gateway_url: context.resumeUrlOf(session.shard[0]),
  shard: session.shard,
  application: { id: context.applicationId, flags: 0 },
  private_channels: [],
  relationships: [],
  presences: [],
  guild_join_requests: [],
  _trace: ['fake-gateway'],
});
