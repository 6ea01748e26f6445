/** Plots how many dispatches a second came: of the selected shard, or of all shards while a manager is selected. */
import type { RateHistory } from '../../messages.ts';
import { formatRate, median } from '../model/format.ts';
import type { PageState } from '../model/page-state.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import { byId, setText } from '../shell/dom.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import type { Theme } from '../shell/theme.ts';
import type { TimeRange } from './time-range.ts';
import { FONT, GUTTER, TimeAxis, roundUpToNice } from './time-axis.ts';

const TOP_MARGIN = 8;
const BOTTOM_MARGIN = 6;

/** A bin that is in the range of time shown. */
interface Bar {
  readonly at: number;
  readonly perSecond: number;
}

const barsOf = ({ from, binMs, perSecond }: RateHistory, axis: TimeAxis): Bar[] =>
  perSecond.flatMap((rate, index) => {
    const at = from + index * binMs;
    return rate === null || at + binMs <= axis.from || at > axis.to ? [] : [{ at, perSecond: rate }];
  });

export class RatePlot implements View {
  readonly topics = ['shards', 'history', 'selection', 'freeze'] as const;
  readonly refreshMs = 1_000;
  readonly minIntervalMs = 100;
  readonly #pageState: PageState;
  readonly #theme: Theme;
  readonly #timeRange: TimeRange;
  readonly #canvas = byId('rates', HTMLCanvasElement);
  readonly #whose = byId('rates-whose', HTMLElement);
  readonly #surface: CanvasSurface;
  readonly #numbers = ['now', 'median', 'max'].map((name) => byId(`rates-${name}`, HTMLElement));

  constructor(pageState: PageState, theme: Theme, timeRange: TimeRange) {
    this.#pageState = pageState;
    this.#theme = theme;
    this.#timeRange = timeRange;
    this.#surface = new CanvasSurface(this.#canvas, timeRange.onChange);
  }

  draw({ at }: Frame): void {
    const { model, frozen } = this.#pageState;
    this.#surface.fit();
    this.#surface.clear();
    const axis = new TimeAxis(model.now(at), this.#timeRange.minutes, this.#surface.width);
    const history = model.rates;
    const bars = barsOf(history, axis);
    const max = Math.max(...bars.map(({ perSecond }) => perSecond), 0);
    setText(this.#whose, model.manager === null || model.shards.size === 1 ? '' : 'all shards');
    this.#drawNumbers(bars, max);
    const scale = roundUpToNice(Math.max(1, max * 1.05));
    this.#drawFrame(axis, scale);
    const { context } = this.#surface;
    const bottom = this.#surface.height - BOTTOM_MARGIN;
    context.fillStyle = this.#theme.palette.accent;
    for (const bar of bars) {
      const x = axis.x(bar.at);
      const y = this.#y(bar.perSecond, scale);
      const width = Math.min(axis.right, axis.x(bar.at + history.binMs)) - x;
      context.fillRect(x, y, Math.max(1, width - (width > 3 ? 1 : 0)), bottom - y);
    }
    if (frozen !== null) axis.drawMoment(this.#surface, this.#theme.palette.accent, frozen.at, 0, this.#surface.height);
  }

  #drawNumbers(bars: readonly Bar[], max: number): void {
    const rates = bars.map(({ perSecond }) => perSecond);
    const texts = [rates.at(-1) ?? null, median(rates), rates.length === 0 ? null : max].map((rate) =>
      rate === null ? '–' : `${formatRate(rate)}/s`,
    );
    for (const [index, node] of this.#numbers.entries()) setText(node, texts[index] ?? '');
    this.#canvas.setAttribute(
      'aria-label',
      `Dispatches a second: now ${texts[0]}, median ${texts[1]}, maximum ${texts[2]}`,
    );
  }

  #y(perSecond: number, scale: number): number {
    const height = this.#surface.height - TOP_MARGIN - BOTTOM_MARGIN;
    return TOP_MARGIN + height * (1 - perSecond / scale);
  }

  #drawFrame(axis: TimeAxis, scale: number): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    axis.draw(this.#surface, palette, TOP_MARGIN, this.#surface.height - BOTTOM_MARGIN, true);
    context.font = FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const share of [0, 1]) {
      const y = Math.round(this.#y(scale * share, scale)) + 0.5;
      context.fillStyle = palette.line;
      context.fillRect(GUTTER, y, axis.right - GUTTER, 1);
      context.fillStyle = palette.soft;
      context.fillText(share === 0 ? '0' : `${formatRate(scale)}/s`, GUTTER - 8, Math.min(y, this.#surface.height - 7));
    }
  }
}
