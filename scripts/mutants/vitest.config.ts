/** How Stryker runs the tests: those that can see a mutant, the quickest kinds first, so that most mutants die early. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';
import { SUITES } from './suites.ts';

const place = ({ moduleId }: TestSpecification): number => SUITES.findIndex((suite) => moduleId.endsWith(suite));

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: [...SUITES],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Nothing of a sandbox is worth keeping.
    fsModuleCache: false,
    sequence: { sequencer: QuickestFirst },
  },
});
