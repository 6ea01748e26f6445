/** Colours, for terminals whose owner has not said otherwise. */
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

const PLAIN: Paint = (_style, text) => text;
const COLOURED: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** @see https://no-color.org */
export const paintFor = (stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint =>
  stream.isTTY === true && (environment['NO_COLOR'] ?? '') === '' ? COLOURED : PLAIN;
