/** The folder of a project: whether it may be created, and whether its name can be that of a package. */
import { readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

/** @see https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const PACKAGE_NAME = /^[a-z\d][a-z\d._-]{0,213}$/;

/** npm refuses them, the last ones because a package can't depend on a package of its own name. */
const RESERVED = new Set(['node_modules', 'favicon.ico', 'shardwright', 'discord.js', 'typescript']);

/** What a new folder may have: `git clone` and `git init` leave it. */
const HARMLESS = new Set(['.git', '.DS_Store']);

/** @param {string} directory */
export const nameOf = (directory) => basename(resolve(directory));

/** @param {string} name */
const similarName = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z\d._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');

/** @param {string} name */
function problemOfName(name) {
  if (RESERVED.has(name)) return `A bot can't be named ${name}: choose another folder.`;
  if (PACKAGE_NAME.test(name)) return null;
  const similar = similarName(name).slice(0, 100);
  const rule =
    'The name of the folder must have small letters, digits, "-", "_" and "." only, and begin with a letter or digit';
  return similar === '' ? `${rule}.` : `${rule}, such as ${similar}.`;
}

/** @param {string} directory */
async function problemOfContent(directory) {
  try {
    const content = (await readdir(directory)).filter((name) => !HARMLESS.has(name));
    return content.length === 0 ? null : `${directory} is not empty: choose another folder.`;
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT') return null;
    return code === 'ENOTDIR' ? `${directory} is a file: choose another folder.` : message;
  }
}

/**
 * Resolves with what is wrong with a folder, or `null`.
 * @param {string} directory
 */
export const problemOf = async (directory) => problemOfName(nameOf(directory)) ?? (await problemOfContent(directory));

/**
 * Rejects with what is wrong with a folder.
 * @param {string} directory
 */
export async function assertUsable(directory) {
  const problem = await problemOf(directory);
  if (problem !== null) throw new Error(problem);
}
