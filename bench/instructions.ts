/**
 * Counts the instructions of a process with `perf`. Instructions depend much less on what else the machine does than
 * time. Most virtual machines can't count them: then there is no such column.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** User code only, which the default settings of Linux allow. */
const PERF = ['perf', 'stat', '-x,', '-e', 'instructions:u'] as const;

/** Returns the number in the output of `perf stat -x,`; `null` if the event can't be counted. */
export function countIn(output: string): number | null {
  const line = output.split('\n').find((each) => each.includes(','));
  const [count = ''] = line?.split(',') ?? [];
  return /^\d+(?:\.\d+)?$/.test(count) ? Number(count) : null;
}

let problem: string | null | undefined;

/** Returns why instructions can't be counted on this machine, or `null`. */
export function instructionsProblem(): string | null {
  if (problem !== undefined) return problem;
  const [command, ...args] = PERF;
  const { error, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  if (error !== undefined) problem = 'there is no perf on this machine';
  else problem = countIn(stderr) === null ? 'perf can not count instructions on this machine' : null;
  return problem;
}

export class InstructionCounter {
  readonly #perf: ChildProcess;
  readonly #output: Readable;
  readonly #control: Writable;
  readonly #answers: Readable;
  readonly #ended: Promise<unknown>;
  #text = '';
  #events = 0;

  constructor(pid: number, [command, ...args]: readonly [string, ...string[]] = PERF) {
    const options = ['-p', String(pid), '--delay', '-1', '--control', 'fd:3,4'];
    this.#perf = spawn(command, [...args, ...options], { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
    const [, , output, control, answers] = this.#perf.stdio;
    this.#output = output as Readable;
    this.#control = control as Writable;
    this.#answers = answers as Readable;
    this.#ended = once(this.#perf, 'close');
    // It may end before a command is written.
    this.#control.on('error', () => undefined);
    this.#output.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
  }

  /** Begins to count nothing yet. Returns `null` where instructions can't be counted. */
  static start(pid: number | undefined): InstructionCounter | null {
    return pid === undefined || instructionsProblem() !== null ? null : new InstructionCounter(pid);
  }

  enable(): Promise<void> {
    return this.#command('enable');
  }

  /** @param events - how many dispatches came since `enable` */
  async disable(events: number): Promise<void> {
    await this.#command('disable');
    this.#events += events;
  }

  /** Resolves with the instructions of one dispatch; with `null` if nothing was counted. */
  async stop(): Promise<number | null> {
    this.#perf.kill('SIGINT');
    await this.#ended;
    const count = countIn(this.#text);
    return count === null || this.#events === 0 ? null : count / this.#events;
  }

  /** Resolves when `perf` has done it, or has ended. */
  async #command(name: string): Promise<void> {
    if (!this.#control.writable) return;
    const answered = once(this.#answers, 'data');
    this.#control.write(`${name}\n`);
    await Promise.race([answered, this.#ended]);
  }
}
