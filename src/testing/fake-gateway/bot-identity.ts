/**
 * Who the bot is: the same user and application in READY, in its guilds and over HTTP.
 * @see https://discord.com/developers/docs/resources/user#user-object
 */
export interface BotIdentity {
  readonly userId: string;
  readonly applicationId: string;
}

export const BOT_NAME = 'fake-bot';

/** The part of a user that others see. */
export const publicUser = (id: string, username: string, isBot: boolean): Record<string, unknown> => ({
  id,
  username,
  discriminator: '0',
  global_name: null,
  avatar: null,
  bot: isBot,
  public_flags: 0,
});

export const botUser = ({ userId }: BotIdentity): Record<string, unknown> => ({
  ...publicUser(userId, BOT_NAME, true),
  verified: true,
  mfa_enabled: false,
  email: null,
  flags: 0,
});

/** @see https://discord.com/developers/docs/resources/application#application-object */
export const botApplication = ({ userId, applicationId }: BotIdentity): unknown => ({
  id: applicationId,
  name: BOT_NAME,
  icon: null,
  description: '',
  rpc_origins: [],
  bot_public: true,
  bot_require_code_grant: false,
  terms_of_service_url: null,
  privacy_policy_url: null,
  summary: '',
  verify_key: '0'.repeat(64),
  flags: 0,
  team: null,
  bot: publicUser(userId, BOT_NAME, true),
  owner: publicUser(userId, BOT_NAME, true),
});
