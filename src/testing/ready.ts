/**
 * The content of READY.
 * @see https://discord.com/developers/docs/events/gateway-events#ready
 */
import type { Realm } from './realm.ts';
import type { FakeSession } from './sessions.ts';

export const readyData = (realm: Realm, session: FakeSession, version: number): unknown => ({
  v: version,
  user: {
    id: realm.userId,
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
  guilds: realm.guilds.of(session.shard).map(({ id }) => ({ id, unavailable: true })),
  session_id: session.id,
  session_type: 'normal',
  resume_gateway_url: realm.resumeUrl,
  shard: session.shard,
  application: { id: realm.applicationId, flags: 0 },
  private_channels: [],
  relationships: [],
  presences: [],
  guild_join_requests: [],
  _trace: ['fake-gateway'],
});
