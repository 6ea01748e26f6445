/** The colours of the style sheet, for drawing on canvases. */
import { STATES } from '../model/states.ts';

const COLOR_NAMES = [
  'ink',
  'soft',
  'line',
  'panel',
  'accent',
  'tint',
  'danger',
  'warning',
  ...STATES.map(({ state }) => state),
] as const;
export type ColorName = (typeof COLOR_NAMES)[number];
export type Palette = Readonly<Record<ColorName, string>>;

const readPalette = (): Palette => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOR_NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Record<
    ColorName,
    string
  >;
};

export class Theme {
  palette: Palette = readPalette();

  constructor(onChange: () => void) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.palette = readPalette();
      onChange();
    });
  }
}
