/**
 * A process that keeps one Vitest running, and runs one suite with one mutant at a time. It is a process so that its
 * parent can kill it when a mutant makes it hang.
 */
import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import type { TestCase, TestModule } from 'vitest/node';
import { ROOT } from '../run.ts';
import { mutantsPlugin } from './plugin.ts';

export interface Task {
  /** The id of the mutant; empty without one. */
  readonly mutant: string;
  /** The file of the mutant. */
  readonly file: string;
  readonly suite: string;
}

export interface Outcome {
  /** The first failed test, or another failure; `null` when all tests passed. */
  readonly failed: string | null;
  readonly timedOut: boolean;
}

/** Short, because a test often waits for an event that the mutant removed. */
const TEST_TIMEOUT_MS = 10_000;

let mutant = '';

const vitest = await createVitest(
  'test',
  {
    root: ROOT,
    config: false,
    watch: false,
    reporters: [{}],
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    maxWorkers: 1,
    bail: 1,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    silent: true,
    // The cache would pass the code of one mutant on to the next.
    fsModuleCache: false,
    provide: { mutant },
  },
  { plugins: [mutantsPlugin(() => mutant)] },
);
await vitest.standalone();

function outcomeOf(modules: readonly TestModule[], unhandled: readonly unknown[]): Outcome {
  const failures = modules.flatMap((module) => [...module.children.allTests('failed')]);
  const [first] = failures;
  const broken = modules.find((module) => module.state() === 'failed');
  const failed =
    first?.fullName ??
    (broken && `${broken.relativeModuleId} did not run`) ??
    (unhandled.length > 0 ? 'an unhandled error' : null);
  return { failed, timedOut: failures.some(timedOut) };
}

const timedOut = (test: TestCase): boolean =>
  (test.result().errors ?? []).some(({ message }) => /^(?:Test|Hook) timed out/.test(message));

async function run(task: Task): Promise<Outcome> {
  const file = join(ROOT, task.file);
  const changed = task.mutant !== mutant;
  mutant = task.mutant;
  if (changed) {
    vitest.provide('mutant', mutant);
    vitest.invalidateFile(file);
    vitest.invalidateFile(`${file}?original`);
  }
  // Otherwise failures of earlier runs would count for `bail`.
  vitest.state.filesMap.clear();
  const suite = join(ROOT, task.suite);
  const specification = vitest.getRootProject().createSpecification(suite);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  if (changed) vitest.invalidateFile(file);
  return outcomeOf(testModules, unhandledErrors);
}

process.on('message', (task: Task) => void run(task).then((outcome) => process.send?.(outcome)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
