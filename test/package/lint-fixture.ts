/** Runs the linter with the repository's rules on files of a temporary folder. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './source-tree.ts';

interface Report {
  diagnostics: { code: string; filename: string; severity: string }[];
}

const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');

async function oxlint(cwd: string): Promise<Report> {
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [OXLINT, '--format', 'json', '.'], { cwd }, (_found, stdout) => resolve(stdout));
  });
  return JSON.parse(output) as Report;
}

/** Lints `files` (path → text). Returns `path: rule` of each error, in order. */
export async function lint(files: Readonly<Record<string, string>>): Promise<string[]> {
  const tree = await mkdtemp(join(tmpdir(), 'shardwright-lint-'));
  try {
    await cp(join(ROOT, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    const { diagnostics } = await oxlint(tree);
    return diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ code, filename }) => `${filename}: ${code}`)
      .toSorted();
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
