/**
 * Keeps the main threads of several processes on one core. On a shared machine each core has its own busy moments, so that
 * two processes can only be compared on the same one. Other threads stay free, because some clients inflate in them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Returns the numbers in a list of Linux, such as `0-3,8`. */
export function numbersIn(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
  );
}

/** Returns the cores that this process may use; none where that can't be found out. */
export function allowedCores(): number[] {
  try {
    const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return numbersIn(list);
  } catch {
    return [];
  }
}

/** Lets the main thread of a process run on these cores only. Does nothing on a system without `taskset`. */
export function setAffinity(pid: number | undefined, cores: readonly number[]): void {
  if (pid !== undefined && cores.length > 0) spawnSync('taskset', ['-cp', cores.join(','), String(pid)]);
}
