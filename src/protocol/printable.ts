/**
 * Escapes what a terminal, a log file or a page must not take literally. Text from the gateway could otherwise move the
 * cursor, forge log lines, or turn the reading direction round.
 */

/** C0 and C1 control characters, line separators, and the marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\uFEFF]/gu;

/** Written as everybody knows them. */
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Returns the text on one line, with control characters as escapes such as `\n` and `\u001b`. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => SHORT_ESCAPES[character] ?? unicodeEscape(character));

/** Long enough for every sentence of the library, with the names, paths and addresses in it. */
const MAX_MESSAGE_LENGTH = 2_000;
const END_LENGTH = 400;

/** Returns a message without its middle if it quotes something too long, such as an event name of the gateway. */
export const printableMessage = (message: string): string =>
  printable(message.length <= MAX_MESSAGE_LENGTH ? message : withoutMiddle(message));

const withoutMiddle = (message: string): string =>
  `${message.slice(0, MAX_MESSAGE_LENGTH - END_LENGTH)}…${message.slice(-END_LENGTH)}`.toWellFormed();

const MAX_NAME_LENGTH = 64;

/** Returns the beginning of a name that the gateway gave, for a message. Names in use have at most 40 characters. */
export const shortName = (name: string): string =>
  name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH).toWellFormed()}…`;

/** Returns the value as JSON that a terminal can show. `JSON.stringify` leaves some control characters as they are. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(UNPRINTABLE, (character) => unicodeEscape(character));
