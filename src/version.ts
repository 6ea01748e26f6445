/** The package's version, as the User-Agent and the CLI say it; a test holds it equal to package.json. */
export const VERSION = '0.1.0';
