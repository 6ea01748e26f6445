/** Colours text on a terminal, unless NO_COLOR is set. */
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
export type Colorize = (style: Style, text: string) => string;

const PLAIN: Colorize = (_style, text) => text;
const COLORED: Colorize = (style, text) => styleText(style, text, { validateStream: false });

/** @see https://no-color.org */
export const colorizeFor = (stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Colorize =>
  stream.isTTY === true && (environment['NO_COLOR'] ?? '') === '' ? COLORED : PLAIN;
