/**
 * The order of the test files: first those that wait most, for servers, processes and pages. Otherwise one of them begins last,
 * and the machine waits with it.
 */
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

const SLOWEST = [
  'test/redis/',
  'test/cluster/processes/',
  'test/cli/',
  'test/inspect/page',
  'test/manager/warm-restart',
  'test/cluster/reshard.test',
  'test/recorder/demo-recording',
  'test/behaviours/slow-consumers',
  'test/bench/',
  'test/manager/workers/',
  'test/fuzz/',
  'test/package/',
  'test/machines/model/',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const index = SLOWEST.findIndex((part) => moduleId.includes(part));
  return index === -1 ? SLOWEST.length : index;
};

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}
