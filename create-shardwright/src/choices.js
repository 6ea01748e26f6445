/** What a project can be made of, and what is chosen when nothing else is. */
import process from 'node:process';

/**
 * `layers` are the folders whose files make the project, besides `base`. They lie in `templates/any` and in the folder of
 * the language.
 * @satisfies {Record<string, { summary: string, layers: readonly string[] }>}
 */
export const TEMPLATES = {
  plain: { summary: 'shardwright alone; fetch() for the REST API', layers: ['manager', 'plain'] },
  'discord.js': { summary: 'discord.js 14, connected by shardwright', layers: ['discordjs'] },
  '@discordjs/core': {
    summary: '@discordjs/core 2, connected by shardwright',
    layers: ['manager', 'discordjs-core'],
  },
};

/** @satisfies {Record<string, { summary: string, extension: string }>} */
export const LANGUAGES = {
  typescript: { summary: 'Node runs it without a build; tsc checks the types', extension: 'ts' },
  javascript: { summary: 'ES modules', extension: 'js' },
};

/**
 * The commands of each package manager. `bun test` would run the tests of Bun, not the script.
 * @satisfies {Record<string, { install: string, start: string, test: string }>}
 */
export const PACKAGE_MANAGERS = {
  npm: { install: 'npm install', start: 'npm start', test: 'npm test' },
  pnpm: { install: 'pnpm install', start: 'pnpm start', test: 'pnpm test' },
  yarn: { install: 'yarn install', start: 'yarn start', test: 'yarn test' },
  bun: { install: 'bun install', start: 'bun run start', test: 'bun run test' },
};

/** @typedef {keyof typeof TEMPLATES} Template */
/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {keyof typeof PACKAGE_MANAGERS} PackageManager */

/**
 * @typedef {object} Answers
 * @property {string} directory
 * @property {Template} template
 * @property {Language} language
 * @property {PackageManager} packageManager
 */

/** Node runs TypeScript without a flag since 22.18. */
export const runsTypeScript = () => Boolean(process.features.typescript);

/** npm, pnpm, yarn and bun name themselves in this variable, such as `pnpm/10.2.0 node/v24.9.0`. */
const callingPackageManager = () => {
  const name = process.env['npm_config_user_agent']?.split('/', 1)[0] ?? '';
  return isChoice(PACKAGE_MANAGERS, name) ? name : 'npm';
};

/** @returns {Answers} */
export const defaults = () => ({
  directory: 'my-bot',
  template: 'plain',
  language: runsTypeScript() ? 'typescript' : 'javascript',
  packageManager: callingPackageManager(),
});

/**
 * @template {object} Choices
 * @param {Choices} choices
 * @param {string} name
 * @returns {name is Extract<keyof Choices, string>}
 */
export function isChoice(choices, name) {
  return Object.hasOwn(choices, name);
}
