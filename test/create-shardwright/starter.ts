/** Runs `create-shardwright` of this repository as a process, in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const STARTER = fileURLToPath(new URL('../../create-shardwright/', import.meta.url));

export interface StarterRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StarterOptions {
  /** What a person answers, one after each prompt. With it, stdin is a terminal to the program. */
  readonly answers?: readonly string[];
  /** JavaScript that runs first in the process. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const PROMPT = /\([^()]+\): $/;

export class StarterFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<StarterFolder> {
    return new StarterFolder(await mkdtemp(join(tmpdir(), 'create-shardwright-')));
  }

  async run(args: readonly string[], { answers, preload = '', env = {} }: StarterOptions = {}): Promise<StarterRun> {
    const script = `${preload};${answers === undefined ? '' : 'process.stdin.isTTY = true'}`;
    const importOption = `--import=data:text/javascript,${encodeURIComponent(script)}`;
    const child = spawn(process.execPath, [importOption, join(STARTER, 'bin.js'), ...args], {
      cwd: this.path,
      env: { ...process.env, npm_config_user_agent: '', ...env },
    });
    const output = { stdout: '', stderr: '' };
    const waiting = [...(answers ?? [])];
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      if (!PROMPT.test(output.stdout)) return;
      const answer = waiting.shift();
      if (answer === undefined) child.stdin.end();
      else child.stdin.write(`${answer}\n`);
    });
    if (answers === undefined) child.stdin.end();
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...output };
  }

  /** Resolves with the paths of all files, with forward slashes, sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(this.path.length + 1)
          .replaceAll('\\', '/'),
      )
      .toSorted();
  }

  read(file: string): Promise<string> {
    return readFile(join(this.path, file), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
