/**
 * Tells one process from another, so that a store knows whether the owner of a lock still runs. A pid alone does not do
 * that: pids are reused, and each container counts its own.
 */
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { fs } from '../node-modules.ts';
import { fieldsOf, isCount, isPositiveInteger } from '../protocol/validation.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in ticks since the boot; `null` without `/proc`. */
  readonly startedAt: string | null;
  /** The pids of two processes can be compared only if this is equal: the boot and the pid namespace, else the host. */
  readonly machine: string;
  /** For people. */
  readonly host: string;
  /** Each thread has its own memory, and cannot see whether a lease of another is still in use. */
  readonly thread: number;
}

export type Liveness = 'alive' | 'dead' | 'unknown';

interface ProcessStat {
  readonly isRunning: boolean;
  readonly startedAt: string;
}

/** Resolves with `null` if there is no `/proc`, or if it hides the process. */
async function statOf(pid: number | 'self'): Promise<ProcessStat | null> {
  try {
    const text = await fs.promises.readFile(`/proc/${pid}/stat`, 'latin1');
    // The name of the program comes second, in brackets, and may contain anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    const startedAt = fields[19];
    return startedAt === undefined ? null : { isRunning: state !== 'Z' && state !== 'X', startedAt };
  } catch {
    return null;
  }
}

async function machineName(): Promise<string> {
  try {
    const boot = await fs.promises.readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    return `${boot.trim()} ${await fs.promises.readlink('/proc/self/ns/pid')}`;
  } catch {
    return `host ${hostname()}`;
  }
}

async function identify(): Promise<ProcessIdentity> {
  const [machine, stat] = await Promise.all([machineName(), statOf('self')]);
  return { pid: process.pid, startedAt: stat?.startedAt ?? null, machine, host: hostname(), thread: threadId };
}

let identity: Promise<ProcessIdentity> | null = null;

/** Never rejects. */
export const thisProcess = (): Promise<ProcessIdentity> => (identity ??= identify());

/** Whether a process with this pid exists; `EPERM` means that it is another user's. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return fieldsOf(cause)['code'] === 'EPERM';
  }
}

/** Whether the process still runs. `unknown` where nobody here can tell: another machine, container or thread. */
export async function livenessOf(owner: ProcessIdentity): Promise<Liveness> {
  const self = await thisProcess();
  if (owner.machine !== self.machine) return 'unknown';
  if (!exists(owner.pid)) return 'dead';
  const stat = await statOf(owner.pid);
  if (stat === null || owner.startedAt === null) return 'unknown';
  if (!stat.isRunning || stat.startedAt !== owner.startedAt) return 'dead';
  return owner.pid === self.pid && owner.thread !== self.thread ? 'unknown' : 'alive';
}

/** Returns the identity that a file contains; `null` if it contains none. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  const { pid, startedAt, machine, host, thread } = fieldsOf(value);
  if (!isPositiveInteger(pid) || !isCount(thread)) return null;
  if (typeof machine !== 'string' || typeof host !== 'string') return null;
  if (typeof startedAt !== 'string' && startedAt !== null) return null;
  return { pid, startedAt, machine, host, thread };
}
