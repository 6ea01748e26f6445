/** The configuration with which Stryker runs the suites: the fastest first, so that most mutants are noticed early. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';
import { SUITES_VARIABLE } from './suites.ts';

const SUITES = JSON.parse(process.env[SUITES_VARIABLE] ?? '[]') as string[];

const place = ({ moduleId }: TestSpecification): number => SUITES.findIndex((suite) => moduleId.endsWith(suite));

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: SUITES,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A sandbox is deleted after the run, so a cache has no use.
    fsModuleCache: false,
    sequence: { sequencer: InOrder },
  },
});
