/** How wide text is. Charts are set in monospaced fonts, so that this can be known without drawing. */

export interface Style {
  readonly size: number;
  readonly height: number;
}

export const FONT: Style = { size: 11, height: 15 };
export const TITLE: Style = { size: 13, height: 17 };

/** Of the em, in every monospaced font in use. */
const ADVANCE = 0.605;

export const textWidth = (text: string, { size }: Style): number => Math.ceil(text.length * size * ADVANCE);
