/** Shows the states of the selected shard over the last minutes, one lane each, with close codes and faults on top. */
import type { Mark, StateChange } from '../../messages.ts';
import { byId, setText } from '../shell/dom.ts';
import { clockTime, clockTimeMs, formatDuration } from '../model/format.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import type { PageState } from '../model/page-state.ts';
import { drawShape } from '../shell/shapes.ts';
import type { TimeRange } from './time-range.ts';
import { STATES } from '../model/states.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import type { ColorName, Theme } from '../shell/theme.ts';
import { FONT, GUTTER, TimeAxis } from './time-axis.ts';

const MARKS_HEIGHT = 22;
const LANE_HEIGHT = 16;
const BOTTOM = MARKS_HEIGHT + LANE_HEIGHT * STATES.length;
const BAR_HEIGHT = 8;

const MARK_COLORS: Readonly<Record<Mark['kind'], ColorName>> = { closed: 'warning', fault: 'danger', failed: 'danger' };

export class Timeline implements View {
  readonly topics = ['history', 'selection', 'freeze'] as const;
  readonly refreshMs = 250;
  readonly minIntervalMs = 30;
  readonly #pageState: PageState;
  readonly #theme: Theme;
  readonly #timeRange: TimeRange;
  readonly #canvas = byId('timeline', HTMLCanvasElement);
  readonly #pointerLabel = byId('timeline-where', HTMLElement);
  readonly #surface: CanvasSurface;
  #pointerX: number | null = null;
  #labelledAt = -Infinity;

  constructor(pageState: PageState, theme: Theme, timeRange: TimeRange) {
    this.#pageState = pageState;
    this.#theme = theme;
    this.#timeRange = timeRange;
    this.#surface = new CanvasSurface(this.#canvas, timeRange.onChange);
    this.#canvas.addEventListener('pointermove', ({ offsetX }) => this.#setPointer(offsetX));
    this.#canvas.addEventListener('pointerleave', () => this.#setPointer(null));
  }

  #setPointer(x: number | null): void {
    this.#pointerX = x;
    this.#timeRange.onChange();
  }

  draw({ at }: Frame): void {
    const { model, frozen } = this.#pageState;
    this.#surface.fit();
    this.#surface.clear();
    const now = model.now(at);
    const states = model.history?.states ?? [];
    this.#timeRange.fitTo(now - (states[0]?.at ?? now));
    const axis = new TimeAxis(now, this.#timeRange.minutes, this.#surface.width);
    const { palette } = this.#theme;
    axis.draw(this.#surface, palette, MARKS_HEIGHT, BOTTOM);
    this.#drawLanes(axis, states);
    this.#drawBars(axis, states);
    this.#drawMarks(axis, model.history?.marks ?? []);
    if (frozen !== null) axis.drawMoment(this.#surface, palette.accent, frozen.at, MARKS_HEIGHT, BOTTOM);
    this.#drawPointer(axis);
    if (at - this.#labelledAt > 5_000) this.#updateAriaLabel(axis, states, at);
  }

  #drawLanes(axis: TimeAxis, states: readonly StateChange[]): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    const current = states.at(-1)?.state;
    context.font = FONT;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    for (const [lane, { state }] of STATES.entries()) {
      const y = MARKS_HEIGHT + lane * LANE_HEIGHT + LANE_HEIGHT / 2;
      drawShape(context, state, 6, y, 10, palette[state]);
      context.fillStyle = state === current ? palette.ink : palette.soft;
      context.fillText(state, 16, y + 0.5);
      context.fillStyle = palette.line;
      context.fillRect(GUTTER, Math.round(y), axis.right - GUTTER, 1);
    }
  }

  #drawBars(axis: TimeAxis, states: readonly StateChange[]): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    for (const [index, { at, state }] of states.entries()) {
      const until = states[index + 1]?.at ?? axis.to;
      if (until < axis.from || at > axis.to) continue;
      const lane = STATES.findIndex((appearance) => appearance.state === state);
      const x = axis.x(at);
      context.fillStyle = palette[state];
      context.beginPath();
      context.roundRect(
        x,
        MARKS_HEIGHT + lane * LANE_HEIGHT + (LANE_HEIGHT - BAR_HEIGHT) / 2,
        Math.max(2, axis.x(until) - x),
        BAR_HEIGHT,
        2,
      );
      context.fill();
    }
  }

  /** Draws the newest mark first. Where labels would overlap, an older mark has no label. */
  #drawMarks(axis: TimeAxis, marks: readonly Mark[]): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    let rightLimit = axis.right + 40;
    for (const { at, kind, text } of marks.toReversed()) {
      if (at < axis.from || at > axis.to) continue;
      const x = Math.round(axis.x(at)) + 0.5;
      context.fillStyle = palette[MARK_COLORS[kind]];
      context.globalAlpha = 0.4;
      context.fillRect(x - 0.5, MARKS_HEIGHT - 1, 1, BOTTOM - MARKS_HEIGHT + 1);
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(x - 4, MARKS_HEIGHT - 7);
      context.lineTo(x + 4, MARKS_HEIGHT - 7);
      context.lineTo(x, MARKS_HEIGHT - 1);
      context.fill();
      const half = context.measureText(text).width / 2;
      const middle = Math.min(Math.max(x, GUTTER + half), axis.right + 8 - half);
      if (middle + half + 6 > rightLimit) continue;
      rightLimit = middle - half;
      context.fillText(text, middle, 7);
    }
  }

  #drawPointer(axis: TimeAxis): void {
    const at = this.#pointerX === null ? null : axis.at(this.#pointerX);
    if (at === null) return setText(this.#pointerLabel, '');
    axis.drawMoment(this.#surface, this.#theme.palette.ink, at, MARKS_HEIGHT, BOTTOM);
    setText(this.#pointerLabel, `${clockTimeMs(at)} ${this.#pageState.model.history?.stateAt(at) ?? 'unknown'}`);
  }

  /** Describes the timeline for screen readers, not on every draw. */
  #updateAriaLabel(axis: TimeAxis, states: readonly StateChange[], at: number): void {
    this.#labelledAt = at;
    const shown = states.filter((_change, index) => (states[index + 1]?.at ?? axis.to) >= axis.from).slice(-6);
    const labels = shown.map(({ at, state }) => `${state} since ${clockTime(at)}`).join(', ');
    const last = shown.at(-1);
    const duration = last === undefined ? '' : `, for ${formatDuration(axis.to - last.at)} now`;
    this.#canvas.setAttribute('aria-label', `Timeline of states: ${labels || 'nothing yet'}${duration}`);
  }
}
