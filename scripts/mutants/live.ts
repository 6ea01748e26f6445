/** Runs within the tests: puts the mutant of this run in the place of what its module exports. */
import { inject } from 'vitest';
import { mutantsOf } from './modules.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The id of this run's mutant; empty for none. */
    mutant: string;
  }
}

export function live<Exports extends object>(file: string, original: Exports): Exports {
  const wanted = inject('mutant');
  const mutant = mutantsOf(file, original).find(({ id }) => id === wanted);
  return mutant === undefined ? original : { ...original, ...mutant.apply(original) };
}
