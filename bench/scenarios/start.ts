/** The scenario that measures how long a package takes to import, as it is published, in a new process. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { ClientId } from '../clients.ts';
import type { Scenario } from './scenario.ts';

const BUILT = join(import.meta.dirname, '..', '..', 'dist', 'index.js');

/** What is imported. The floor is `ws`, which all of them import. */
const PACKAGES: Readonly<Partial<Record<ClientId, string>>> = {
  'floor-plain': 'ws',
  'ours-plain': pathToFileURL(BUILT).href,
  'discordjs-plain': '@discordjs/ws',
  'discordeno-plain': '@discordeno/gateway',
};

export const start: Scenario<'start'> = async ({ client }) => {
  const name = PACKAGES[client];
  if (name === undefined) throw new Error(`nothing to import for ${client}`);
  if (client === 'ours-plain' && !existsSync(BUILT))
    throw new Error('the package is not built; npm run build builds it');
  const code = `const at = performance.now(); await import(${JSON.stringify(name)}); console.log(performance.now() - at);`;
  // Node finds the packages of others from here.
  const options = { cwd: import.meta.dirname };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
  return { importMs: Number(stdout) };
};
