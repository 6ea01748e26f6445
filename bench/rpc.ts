/** Remote procedure calls between two processes, over the channel of `fork`. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';

/** The procedures of a process. Each takes one argument. */
export type Procedures = Readonly<Record<string, (argument: never) => unknown>>;

interface RpcRequest {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface RpcResponse {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Lets the parent process call these procedures. This process exits together with the parent. */
export function serve(procedures: Procedures): void {
  // Node keeps what it has compiled for the next process, but not if this one is killed. It may take a second, so not later.
  flushCompileCache();
  const respond = async ({ id, name, argument }: RpcRequest): Promise<RpcResponse> => {
    try {
      const procedure = procedures[name];
      if (procedure === undefined) throw new Error(`there is no procedure ${name}`);
      return { id, value: await procedure(argument as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (request: RpcRequest) => void respond(request).then((response) => process.send?.(response)));
  process.once('disconnect', () => process.exit());
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Longer than any procedure takes. */
const CALL_TIMEOUT_MS = 90_000;
const MAX_STDERR_CHARS = 2_000;

export class RemoteProcess<P extends Procedures> {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;
  #stderr = '';

  constructor(file: string, execArgv: readonly string[] = []) {
    this.#child = fork(file, {
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.stdout?.resume();
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARS)));
    this.#child.on('message', ({ id, value, error }: RpcResponse) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(value);
      else pending?.reject(new Error(error));
    });
    this.#child.once('error', (error) => this.#rejectAll(error));
    this.#child.once('close', (code, signal) =>
      this.#rejectAll(new Error(`the process ended with ${signal ?? code}\n${this.#stderr}`.trim())),
    );
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async call<Name extends keyof P & string>(
    name: Name,
    argument: Parameters<P[Name]>[0],
  ): Promise<Awaited<ReturnType<P[Name]>>> {
    if (!this.#child.connected) throw new Error(`the process has ended\n${this.#stderr}`.trim());
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const timer = setTimeout(
      () => reject(new Error(`no answer to ${name} within ${CALL_TIMEOUT_MS / 1_000} s\n${this.#stderr}`.trim())),
      CALL_TIMEOUT_MS,
    );
    this.#child.send({ id, name, argument });
    try {
      return (await promise) as Awaited<ReturnType<P[Name]>>;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Kills the process. Resolves when it has exited. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
