/** Reads the command line, asks for the rest on a terminal, and creates the project. */
import process from 'node:process';
import { defaults, runsTypeScript } from './choices.js';
import { HELP, UsageError, parseCommandLine } from './command-line.js';
import { nextSteps } from './next-steps.js';
import { createProject } from './project.js';
import { Cancelled, askFor } from './questions.js';

/** @typedef {import('./choices.js').Answers} Answers */

/**
 * Fields that are `undefined` have their defaults.
 * @param {Partial<Answers>} given
 * @returns {Answers}
 */
function withDefaults(given) {
  const { directory, template, language, packageManager } = defaults();
  return {
    directory: given.directory ?? directory,
    template: given.template ?? template,
    language: given.language ?? language,
    packageManager: given.packageManager ?? packageManager,
  };
}

/** @returns {Promise<void>} */
async function run() {
  const { help, yes, answers: given } = parseCommandLine(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const answers = process.stdin.isTTY && !yes ? await askFor(given, defaults()) : withDefaults(given);
  if (answers.language === 'typescript' && !runsTypeScript())
    throw new Error(
      `TypeScript needs Node 22.18 or later, and this is Node ${process.versions.node}: use --language javascript`,
    );
  await createProject(answers);
  process.stdout.write(nextSteps(answers));
}

/** @param {unknown} error */
function report(error) {
  if (error instanceof Cancelled) process.stderr.write('\nNothing was created.\n');
  else process.stderr.write(`create-shardwright: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

await run().catch(report);
