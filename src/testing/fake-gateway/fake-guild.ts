/**
 * A guild as GUILD_CREATE carries it; only the id is needed, what is missing is made up.
 * @see https://discord.com/developers/docs/events/gateway-events#guild-create
 */
export interface FakeGuild {
  readonly id: string;
  readonly [field: string]: unknown;
}
