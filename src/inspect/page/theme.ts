/** The colours of the style sheet, for what is drawn on canvases. */
import { STATES } from './states.ts';

const NAMES = ['ink', 'soft', 'line', 'panel', 'accent', 'tint', 'danger', 'warning', ...STATES.map(({ state }) => state)] as const;
export type ColorName = (typeof NAMES)[number];
export type Palette = Readonly<Record<ColorName, string>>;

const read = (): Palette => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Record<ColorName, string>;
};

export class Theme {
  palette: Palette = read();

  constructor(onChange: () => void) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.palette = read();
      onChange();
    });
  }
}
