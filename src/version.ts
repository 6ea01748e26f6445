/** The package's version, as the User-Agent and the CLI say it; a test holds it equal to package.json. */
export const VERSION = '0.1.0';

/** Some gateways refuse clients without one. @see https://discord.com/developers/docs/reference#user-agent */
export const USER_AGENT = `DiscordBot (https://www.npmjs.com/package/shardwright, ${VERSION})`;
