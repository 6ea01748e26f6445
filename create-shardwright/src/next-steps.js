/** What to do with a project that was just created. */
import { relative, resolve } from 'node:path';
import { PACKAGE_MANAGERS } from './choices.js';
import { nameOf } from './folder.js';

/** @param {string} path */
const quoted = (path) => (/^[\w./\\:@-]+$/.test(path) ? path : JSON.stringify(path));

/** @param {import('./choices.js').Answers} answers */
export function nextSteps({ directory, template, language, packageManager }) {
  const { install, start, test } = PACKAGE_MANAGERS[packageManager];
  const path = relative('', resolve(directory));
  const steps = [
    ...(path === '' ? [] : [[`cd ${quoted(path)}`, '']]),
    [install, ''],
    [test, 'tests the bot, without Discord'],
    [start, 'runs the bot; without a token, on a fake Discord in its process'],
  ].map(([command = '', what = '']) => `  ${command.padEnd(16)}${what}`.trimEnd());
  return `
Created ${nameOf(directory)}: ${template}, ${language}.

${steps.join('\n')}

Then copy .env.example to .env and put the token of your bot into it. README.md says more.
`;
}
