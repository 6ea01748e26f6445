/** Shared by the properties: how to write a command, and the report of a failure. */
import { relative } from 'node:path';
import * as fc from 'fast-check';
import { expect } from 'vitest';

const { PROPERTY_SEED } = process.env;

/** Throws an error with the command line that runs the same scripts again. */
function report(details: fc.RunDetails<unknown>): void {
  if (!details.failed) return;
  const { testPath = '', currentTestName = '' } = expect.getState();
  // The value of -t is a regular expression.
  const title = currentTestName
    .split(' > ')
    .at(-1)
    ?.replaceAll(/[^\w ]/g, '.');
  const command = `PROPERTY_SEED=${details.seed} npx vitest run ${relative('', testPath)} -t '${title}'`;
  throw new Error(`To see this again: ${command}\n${fc.defaultReportMessage(details)}`, {
    cause: details.errorInstance,
  });
}

/** Checks a property `numRuns` times, with another seed each time. Returns how often it held. */
export async function checkProperty(property: fc.IRawProperty<unknown>, numRuns: number): Promise<number> {
  let runs = 0;
  const reporter = (details: fc.RunDetails<unknown>): void => {
    report(details);
    runs = details.numRuns;
  };
  const seed = PROPERTY_SEED === undefined ? {} : { seed: Number(PROPERTY_SEED) };
  await fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns, reporter, ...seed });
  return runs;
}

/** A command with its description. It must keep no state, because shrinking runs the same command again. */
export const step = <Model extends object>(
  text: string,
  run: (model: Model) => void | Promise<void>,
  check: (model: Model) => boolean = () => true,
): fc.AsyncCommand<Model, Model> => ({
  check,
  run: async (model) => run(model),
  toString: () => text,
});

/** A script of commands, each drawn from one of `steps`. */
export const script = <Model extends object>(
  steps: readonly fc.Arbitrary<fc.AsyncCommand<Model, Model>>[],
  maxCommands: number,
): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Model>>> => fc.commands([...steps], { maxCommands, size: 'max' });

/** Runs a script. The model and the tested object are parts of one object. */
export const runScript = <Model extends object>(
  model: Model,
  steps: Iterable<fc.AsyncCommand<Model, Model>>,
): Promise<void> => fc.asyncModelRun(() => ({ model, real: model }), steps);

/** Resolves when everything that can settle without time passing has settled. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Returns the element of `all` that an arbitrary number points at. */
export const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % Math.max(1, all.length)];
