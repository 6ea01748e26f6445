/** A program of the workspace `test/bundlers`, and what it makes. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../run.ts';
import type { Command } from './bot-process.ts';

export interface Bundle {
  readonly cwd: string;
  readonly bot: Command;
  /** The file for `threadUrl`. */
  readonly thread: string;
}

export const BUNDLERS_ROOT = join(ROOT, 'test', 'bundlers');
const requireTool = createRequire(join(BUNDLERS_ROOT, 'package.json'));

/** The path of a program of a package in the workspace, whatever its `exports` hide. */
export function toolPath(packageName: string, file: string): string {
  for (const folder of requireTool.resolve.paths(packageName) ?? []) {
    try {
      return requireTool.resolve(join(folder, packageName, file));
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${packageName} is not installed; run npm ci`);
}
