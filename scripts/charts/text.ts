/** Measures text. Charts use monospaced fonts, so that the width is known without drawing. */

export interface Style {
  readonly size: number;
  readonly height: number;
}

export const FONT: Style = { size: 11, height: 15 };
export const TITLE: Style = { size: 13, height: 17 };

/** The width of a character in em, for common monospaced fonts. */
const ADVANCE = 0.605;

export const textWidth = (text: string, { size }: Style): number => Math.ceil(text.length * size * ADVANCE);
