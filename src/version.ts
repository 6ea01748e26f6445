/** The package's version. A test keeps it equal to package.json. */
export const VERSION = '0.1.0';

/** Some gateways reject clients without a User-Agent. @see https://discord.com/developers/docs/reference#user-agent */
export const USER_AGENT = `DiscordBot (https://www.npmjs.com/package/shardwright, ${VERSION})`;
