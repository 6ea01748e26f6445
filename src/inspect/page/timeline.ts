/** Swim lanes: where the selected shard was over the last minutes, with close codes and faults marked on top. */
import type { Mark, StateChange } from '../messages.ts';
import { byId, write } from './dom.ts';
import { clockTime, clockTimeMs, lasting } from './format.ts';
import type { Frame, View } from './frame-loop.ts';
import type { Session } from './session.ts';
import { drawShape } from './shapes.ts';
import type { Span } from './span.ts';
import { STATES } from './states.ts';
import { Surface } from './surface.ts';
import type { ColorName, Theme } from './theme.ts';
import { FONT, GUTTER, TimeAxis } from './time-axis.ts';

const MARKS_HEIGHT = 22;
const LANE = 16;
const BOTTOM = MARKS_HEIGHT + LANE * STATES.length;
const BAR = 8;

const MARK_COLORS: Readonly<Record<Mark['kind'], ColorName>> = { closed: 'warning', fault: 'danger', failed: 'danger' };

export class Timeline implements View {
  readonly on = ['history', 'selection', 'freeze'] as const;
  readonly everyMs = 250;
  readonly restMs = 30;
  readonly #session: Session;
  readonly #theme: Theme;
  readonly #span: Span;
  readonly #canvas = byId('timeline', HTMLCanvasElement);
  readonly #where = byId('timeline-where', HTMLElement);
  readonly #surface: Surface;
  #pointedX: number | null = null;
  #namedAt = -Infinity;

  constructor(session: Session, theme: Theme, span: Span) {
    this.#session = session;
    this.#theme = theme;
    this.#span = span;
    this.#surface = new Surface(this.#canvas, span.onChange);
    this.#canvas.addEventListener('pointermove', ({ offsetX }) => this.#point(offsetX));
    this.#canvas.addEventListener('pointerleave', () => this.#point(null));
  }

  #point(x: number | null): void {
    this.#pointedX = x;
    this.#span.onChange();
  }

  draw({ at }: Frame): void {
    const { world, frozen } = this.#session;
    this.#surface.fit();
    this.#surface.clear();
    const axis = new TimeAxis(world.now(at), this.#span.minutes, this.#surface.width);
    const { palette } = this.#theme;
    axis.draw(this.#surface, palette, MARKS_HEIGHT, BOTTOM);
    const states = world.history?.states ?? [];
    this.#drawLanes(axis, states);
    this.#drawBars(axis, states);
    this.#drawMarks(axis, world.history?.marks ?? []);
    if (frozen !== null) axis.drawMoment(this.#surface, palette.accent, frozen.at, MARKS_HEIGHT, BOTTOM);
    this.#drawPointed(axis);
    if (at - this.#namedAt > 5_000) this.#name(axis, states, at);
  }

  #drawLanes(axis: TimeAxis, states: readonly StateChange[]): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    const current = states.at(-1)?.state;
    context.font = FONT;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    for (const [lane, { state }] of STATES.entries()) {
      const y = MARKS_HEIGHT + lane * LANE + LANE / 2;
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
      const lane = STATES.findIndex((look) => look.state === state);
      const x = axis.x(at);
      context.fillStyle = palette[state];
      context.beginPath();
      context.roundRect(x, MARKS_HEIGHT + lane * LANE + (LANE - BAR) / 2, Math.max(2, axis.x(until) - x), BAR, 2);
      context.fill();
    }
  }

  /** Newest first: where words would overlap, the newer are kept, the older stay as ticks. */
  #drawMarks(axis: TimeAxis, marks: readonly Mark[]): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    let free = axis.right + 40;
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
      if (middle + half + 6 > free) continue;
      free = middle - half;
      context.fillText(text, middle, 7);
    }
  }

  #drawPointed(axis: TimeAxis): void {
    const at = this.#pointedX === null ? null : axis.at(this.#pointedX);
    if (at === null) return write(this.#where, '');
    axis.drawMoment(this.#surface, this.#theme.palette.ink, at, MARKS_HEIGHT, BOTTOM);
    write(this.#where, `${clockTimeMs(at)} ${this.#session.world.history?.stateAt(at) ?? 'not known'}`);
  }

  /** The same in words, now and then. */
  #name(axis: TimeAxis, states: readonly StateChange[], at: number): void {
    this.#namedAt = at;
    const shown = states.filter((_change, index) => (states[index + 1]?.at ?? axis.to) >= axis.from).slice(-6);
    const words = shown.map(({ at, state }) => `${state} since ${clockTime(at)}`).join(', ');
    const last = shown.at(-1);
    const lasts = last === undefined ? '' : `, for ${lasting(axis.to - last.at)} now`;
    this.#canvas.setAttribute('aria-label', `Timeline of states: ${words || 'nothing yet'}${lasts}`);
  }
}
