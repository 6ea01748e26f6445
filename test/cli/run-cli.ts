/** Runs the program in its own process, as a user does. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly finished: Promise<CliResult>;
  /** Resolves with the output once it contains the text; rejects when the program ends without it. */
  waitForOutput(text: string): Promise<string>;
  interrupt(): void;
}

export function startCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningCli {
  const { DISCORD_TOKEN: _token, ...inherited } = process.env;
  // The flag prevents a crash of V8 with worker threads; see test/kit/v8-flags.ts.
  const child = spawn(process.execPath, ['--wasm-wrapper-tiering-budget=2147483647', MAIN, ...args], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<CliResult>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return {
    finished,
    waitForOutput: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (stdout.includes(text)) resolve(stdout);
        };
        child.stdout.on('data', check);
        void finished.then(() => reject(new Error(`ended without showing "${text}":\n${stdout}\n${stderr}`)));
        check();
      }),
    interrupt: () => void child.kill('SIGINT'),
  };
}

export const runCli = (args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CliResult> =>
  startCli(args, environment).finished;
