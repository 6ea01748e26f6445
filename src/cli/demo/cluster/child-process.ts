/** A process that the demo has started: its messages, its signals and its end. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** `.ts` from the sources, `.js` from the package. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
/** How long a process may take to stop in order. */
const STOP_TIMEOUT_MS = 20_000;

export class DemoProcess<Message> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #killWithDemo = (): void => void this.#child.kill('SIGKILL');

  /** @param program - the name of its file in this folder, without the extension */
  constructor(program: string, config: object, onMessage: (message: Message) => void) {
    const { DISCORD_TOKEN: _, ...environment } = process.env;
    this.#child = fork(new URL(`./${program}${EXTENSION}`, import.meta.url), [JSON.stringify(config)], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Our own program sends them.
    this.#child.on('message', (message) => onMessage(message as Message));
    process.once('exit', this.#killWithDemo);
    this.#child.once('exit', () => process.off('exit', this.#killWithDemo));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal, and resolves when the process has ended and all its messages have arrived. */
  async end(name: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'close');
    this.#child.kill(name);
    const timer = setTimeout(this.#killWithDemo, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A process that is frozen sees no other signal.
    await this.end('SIGKILL');
  }
}
