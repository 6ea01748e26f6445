/** Runs inside the tests: replaces the exports of a module with those of the current mutant. */
import { inject } from 'vitest';
import { mutantsOf } from './modules.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The id of the current mutant; empty without one. */
    mutant: string;
  }
}

export function live<Exports extends object>(file: string, original: Exports): Exports {
  const wanted = inject('mutant');
  const mutant = mutantsOf(file, original).find(({ id }) => id === wanted);
  return mutant === undefined ? original : { ...original, ...mutant.apply(original) };
}
