/** The side of a program in `ChildProgram`: it serves calls, and reports. */
import { flushCompileCache } from 'node:module';
import type { ProgramCall, ProgramMessage } from './child-program.ts';

const send = (message: ProgramMessage): void => void process.send?.(message);

/** Returns the options that the test has passed. */
export const programOptions = (): unknown => JSON.parse(process.argv[2] ?? '{}');

export const report = (name: string, data: unknown): void => send({ report: name, data });

type Answer = (...args: never[]) => unknown;

/** Calls these functions by name, until the test ends or calls `exit`. */
export function serveCalls(table: Readonly<Record<string, Answer>>): void {
  const serve = async ({ callId, name, args }: ProgramCall): Promise<void> => {
    try {
      const value = await table[name]?.(...(args as never[]));
      send({ answerTo: callId, value });
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      send({ answerTo: callId, error: { code: code ?? 'none', message } });
    }
  };
  // Node keeps what it has compiled for the next process, but not if this one is killed.
  flushCompileCache();
  process.on('message', (call: ProgramCall) => void serve(call));
  // The test has ended, whatever the reason.
  process.on('disconnect', () => process.exit(0));
}

/** Collects what is reported often, and sends it together. */
export function batchedReport(name: string): (item: unknown) => void {
  let items: unknown[] = [];
  return (item) => {
    if (items.push(item) > 1) return;
    setImmediate(() => {
      const batch = items;
      items = [];
      report(name, batch);
    });
  };
}
