/** Puts a project together from the layers of its template, and writes it. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LANGUAGES, PACKAGE_MANAGERS, TEMPLATES } from './choices.js';
import { assertUsable, nameOf } from './folder.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Files that npm, Node or an editor would take for their own where the templates lie. */
const TRUE_NAMES = new Map([
  ['_gitignore', '.gitignore'],
  ['_package.json', 'package.json'],
  ['_tsconfig.json', 'tsconfig.json'],
]);

/** @param {string} file */
const trueName = (file) => join(dirname(file), TRUE_NAMES.get(basename(file)) ?? basename(file));

/**
 * Resolves with the files of a layer by their path in the project. Not every layer has files for every language.
 * @param {string} layer
 */
async function readLayer(layer) {
  const folder = join(ROOT, 'templates', layer);
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async (path) => /** @type {const} */ ([trueName(relative(folder, path)), await readFile(path, 'utf8')])),
  );
}

/** The version of shardwright that this package was released with, which is its own version. */
async function ownVersion() {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return String(version);
}

/**
 * Joins the parts of a package.json; no two have a field in common.
 * @param {string} name
 * @param {readonly string[]} parts
 */
async function joinManifest(name, parts) {
  const manifest = Object.assign({ name }, ...parts.map((part) => JSON.parse(part)));
  manifest.dependencies.shardwright = `^${await ownVersion()}`;
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * @param {string} text
 * @param {Record<string, string>} values
 */
const fillIn = (text, values) => text.replace(/\{\{(\w+)\}\}/g, (placeholder, key) => values[key] ?? placeholder);

/**
 * Resolves with the text of each file of the project by its path.
 * @param {import('./choices.js').Answers} answers
 */
async function filesOf({ directory, template, language, packageManager }) {
  const layers = ['base', ...TEMPLATES[template].layers].flatMap((layer) => [`any/${layer}`, `${language}/${layer}`]);
  const found = (await Promise.all(layers.map(readLayer))).flat();
  const manifests = found.filter(([file]) => file === 'package.json').map(([, text]) => text);
  const name = nameOf(directory);
  const values = { name, extension: LANGUAGES[language].extension, ...PACKAGE_MANAGERS[packageManager] };
  const files = new Map(found);
  files.set('package.json', await joinManifest(name, manifests));
  files.set('README.md', fillIn(files.get('README.md') ?? '', values));
  return files;
}

/**
 * Creates the project. Never overwrites a file.
 * @param {import('./choices.js').Answers} answers
 */
export async function createProject(answers) {
  await assertUsable(answers.directory);
  const root = resolve(answers.directory);
  for (const [file, text] of await filesOf(answers)) {
    const path = join(root, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  }
}
