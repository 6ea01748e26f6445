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

/** Returns the value as JSON that a terminal can show. `JSON.stringify` leaves some control characters as they are. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(UNPRINTABLE, (character) => unicodeEscape(character));
