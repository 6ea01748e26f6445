/** Where the repository is on this disk, and where it is on the web, as package.json says. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface Manifest {
  version: string;
  repository: { url: string };
  exports: Record<string, string | { types: string }>;
}

export const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** The address of the repository's page, without a slash at its end. */
export const REPOSITORY = manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** The address of a file or folder of the repository on the web. */
export const addressOf = (path: string, isFolder = false): string =>
  `${REPOSITORY}/${isFolder ? 'tree' : 'blob'}/main/${path}`;
