/** What the properties share: how a command is written down, and what a failure says. */
import { relative } from 'node:path';
import * as fc from 'fast-check';
import { expect } from 'vitest';

const { PROPERTY_SEED } = process.env;

/** Fails with the command line that plays the very same scripts again. */
function report(details: fc.RunDetails<unknown>): void {
  if (!details.failed) return;
  const { testPath = '', currentTestName = '' } = expect.getState();
  // What follows -t is a regular expression.
  const title = currentTestName
    .split(' > ')
    .at(-1)
    ?.replaceAll(/[^\w ]/g, '.');
  const again = `PROPERTY_SEED=${details.seed} npx vitest run ${relative('', testPath)} -t '${title}'`;
  throw new Error(`To see this again: ${again}\n${fc.defaultReportMessage(details)}`, { cause: details.errorInstance });
}

/** Plays a property `numRuns` times, from another seed each time; gives back how often it held. */
export async function held(property: fc.IRawProperty<unknown>, numRuns: number): Promise<number> {
  let runs = 0;
  const count = (details: fc.RunDetails<unknown>): void => {
    report(details);
    runs = details.numRuns;
  };
  const seed = PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) };
  await fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns, reporter: count, ...seed });
  return runs;
}

/** A command that is its own description. It must keep nothing: the same one is played again while shrinking. */
export const step = <Model extends object>(
  text: string,
  run: (model: Model) => void | Promise<void>,
  check: (model: Model) => boolean = () => true,
): fc.AsyncCommand<Model, Model> => ({
  check,
  run: async (model) => run(model),
  toString: () => text,
});

/** A script of such commands, each drawn from one of `steps`. */
export const script = <Model extends object>(
  steps: readonly fc.Arbitrary<fc.AsyncCommand<Model, Model>>[],
  maxCommands: number,
): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Model>>> => fc.commands([...steps], { maxCommands, size: 'max' });

/** Plays a script. The model and what is tested are two parts of one object. */
export const play = <Model extends object>(
  model: Model,
  steps: Iterable<fc.AsyncCommand<Model, Model>>,
): Promise<void> => fc.asyncModelRun(() => ({ model, real: model }), steps);

/** Whatever can settle without time passing has settled. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The one of `all` that an arbitrary number points at. */
export const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % Math.max(1, all.length)];
