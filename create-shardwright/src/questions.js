/** Asks on a terminal for what the command line does not say. */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { LANGUAGES, TEMPLATES } from './choices.js';
import { assertUsable, problemOf } from './folder.js';

/** @typedef {import('./choices.js').Answers} Answers */

/** The terminal was closed, by Ctrl-C or Ctrl-D. */
export class Cancelled extends Error {}

/**
 * @template {object} Choices
 * @param {string} title
 * @param {Choices & Record<string, { summary: string }>} choices
 */
function menuOf(title, choices) {
  const rows = Object.entries(choices).map(
    ([name, { summary }], index) => `  ${index + 1}  ${name.padEnd(17)}${summary}`,
  );
  return `\n${title}:\n${rows.join('\n')}\n`;
}

class Terminal {
  #lines = createInterface({ input: process.stdin, output: process.stdout });
  #iterator = this.#lines[Symbol.asyncIterator]();

  /**
   * @param {string} question
   * @param {string} preset what an empty answer means
   */
  async ask(question, preset) {
    this.#lines.setPrompt(`${question} (${preset}): `);
    this.#lines.prompt();
    const { done, value } = await this.#iterator.next();
    if (done === true) throw new Cancelled();
    return value.trim() || preset;
  }

  /**
   * @param {string} preset
   * @returns {Promise<string>}
   */
  async askFolder(preset) {
    const folder = await this.ask('Folder and name of the bot', preset);
    const problem = await problemOf(folder);
    if (problem === null) return folder;
    process.stdout.write(`  ${problem}\n`);
    return this.askFolder(preset);
  }

  /**
   * @template {object} Choices
   * @param {string} title
   * @param {Choices & Record<string, { summary: string }>} choices
   * @param {Extract<keyof Choices, string>} preset
   * @returns {Promise<Extract<keyof Choices, string>>}
   */
  async choose(title, choices, preset) {
    process.stdout.write(menuOf(title, choices));
    const names = /** @type {Extract<keyof Choices, string>[]} */ (Object.keys(choices));
    for (;;) {
      const answer = await this.ask('Number or name', String(names.indexOf(preset) + 1));
      const name = names.find((candidate, index) => answer === candidate || Number(answer) === index + 1);
      if (name !== undefined) return name;
    }
  }

  close() {
    this.#lines.close();
  }
}

/**
 * @param {Partial<Answers>} given
 * @param {Answers} presets
 * @returns {Promise<Answers>}
 * @throws {Cancelled}
 */
export async function askFor(given, presets) {
  if (given.directory !== undefined) await assertUsable(given.directory);
  const terminal = new Terminal();
  try {
    return {
      directory: given.directory ?? (await terminal.askFolder(presets.directory)),
      template: given.template ?? (await terminal.choose('Template', TEMPLATES, presets.template)),
      language: given.language ?? (await terminal.choose('Language', LANGUAGES, presets.language)),
      packageManager: given.packageManager ?? presets.packageManager,
    };
  } finally {
    terminal.close();
  }
}
