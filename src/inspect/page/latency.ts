/** How long the gateway took to answer each heartbeat, and which it did not answer. */
import type { ShardState } from '../../../machines/index.ts';
import type { Beat, StateChange } from '../messages.ts';
import { byId, write } from './dom.ts';
import { median, milliseconds } from './format.ts';
import type { Frame, View } from './frame-loop.ts';
import type { Session } from './session.ts';
import type { Span } from './span.ts';
import { Surface } from './surface.ts';
import type { Theme } from './theme.ts';
import { FONT, GUTTER, TimeAxis } from './time-axis.ts';

const TOP = 8;
const FOOT = 6;

interface Answered {
  readonly at: number;
  readonly latencyMs: number;
}

const isAnswered = (beat: Beat): beat is Answered => beat.latencyMs !== null;

/** The next round number. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 6, 8].find((step) => step * power >= value) ?? 10) * power;
}

/** While it is here it has no connection, or a deaf one, so that nothing joins the beats on both sides. */
const APART: ReadonlySet<string> = new Set<ShardState>(['zombie', 'reconnecting', 'disconnecting', 'disconnected', 'failed']);

export class Latency implements View {
  readonly on = ['history', 'selection', 'freeze'] as const;
  readonly everyMs = 250;
  readonly restMs = 30;
  readonly #session: Session;
  readonly #theme: Theme;
  readonly #span: Span;
  readonly #canvas = byId('latency', HTMLCanvasElement);
  readonly #surface: Surface;
  readonly #numbers = ['now', 'median', 'max', 'missed'].map((name) => byId(`latency-${name}`, HTMLElement));

  constructor(session: Session, theme: Theme, span: Span) {
    this.#session = session;
    this.#theme = theme;
    this.#span = span;
    this.#surface = new Surface(this.#canvas, span.onChange);
  }

  draw({ at }: Frame): void {
    const { world, frozen } = this.#session;
    this.#surface.fit();
    this.#surface.clear();
    const axis = new TimeAxis(world.now(at), this.#span.minutes, this.#surface.width);
    const beats = (world.history?.beats ?? []).filter((beat) => beat.at >= axis.from && beat.at <= axis.to);
    const answered = beats.filter(isAnswered);
    const most = Math.max(...answered.map(({ latencyMs }) => latencyMs), 1);
    this.#write(answered, beats.length - answered.length, most);
    const scaleMs = ceiling(most * 1.05);
    this.#drawFrame(axis, scaleMs);
    this.#drawMissed(axis, beats);
    this.#drawLine(axis, beats, world.history?.states ?? [], scaleMs);
    if (frozen !== null) axis.drawMoment(this.#surface, this.#theme.palette.accent, frozen.at, 0, this.#surface.height);
  }

  #write(answered: readonly Answered[], missed: number, most: number): void {
    const latencies = answered.map(({ latencyMs }) => latencyMs);
    const said = [latencies.at(-1) ?? null, median(latencies), latencies.length === 0 ? null : most].map((ms) => (ms === null ? '–' : milliseconds(ms)));
    const texts = [...said, String(missed)];
    for (const [index, node] of this.#numbers.entries()) write(node, texts[index] ?? '');
    this.#numbers.at(-1)?.classList.toggle('bad', missed > 0);
    this.#canvas.setAttribute('aria-label', `Heartbeat latency: now ${texts[0]}, median ${texts[1]}, at most ${texts[2]}, ${missed} missed`);
  }

  #y(latencyMs: number, scaleMs: number): number {
    const height = this.#surface.height - TOP - FOOT;
    return TOP + height * (1 - latencyMs / scaleMs);
  }

  #drawFrame(axis: TimeAxis, scaleMs: number): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    axis.draw(this.#surface, palette, TOP, this.#surface.height - FOOT, true);
    context.font = FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(this.#y(scaleMs * share, scaleMs)) + 0.5;
      context.fillStyle = palette.line;
      context.fillRect(GUTTER, y, axis.right - GUTTER, 1);
      context.fillStyle = palette.soft;
      context.fillText(share === 0 ? '0' : milliseconds(scaleMs * share), GUTTER - 8, Math.min(y, this.#surface.height - 7));
    }
  }

  #drawMissed(axis: TimeAxis, beats: readonly Beat[]): void {
    const { context } = this.#surface;
    const bottom = this.#surface.height - FOOT;
    context.strokeStyle = this.#theme.palette.danger;
    for (const { at } of beats.filter((beat) => !isAnswered(beat))) {
      const x = axis.x(at);
      context.lineWidth = 1;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(x, TOP);
      context.lineTo(x, bottom - 14);
      context.stroke();
      context.setLineDash([]);
      context.lineWidth = 2;
      context.beginPath();
      for (const slope of [1, -1]) {
        context.moveTo(x - 4, bottom - 8 - 4 * slope);
        context.lineTo(x + 4, bottom - 8 + 4 * slope);
      }
      context.stroke();
    }
  }

  /** A line through what was answered, broken where a beat was missed or the connection was another. */
  #drawLine(axis: TimeAxis, beats: readonly Beat[], states: readonly StateChange[], scaleMs: number): void {
    const cuts = states.filter(({ state }) => APART.has(state)).map(({ at }) => at);
    const { context } = this.#surface;
    const { accent } = this.#theme.palette;
    context.strokeStyle = accent;
    context.fillStyle = accent;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let before: Answered | null = null;
    for (const beat of beats) {
      const { at } = beat;
      const start = before?.at ?? at;
      const isJoined = before !== null && !cuts.some((cut) => cut > start && cut <= at);
      if (isAnswered(beat)) context[isJoined ? 'lineTo' : 'moveTo'](axis.x(at), this.#y(beat.latencyMs, scaleMs));
      before = isAnswered(beat) ? beat : null;
    }
    context.stroke();
    for (const { at, latencyMs } of beats.filter(isAnswered)) {
      context.beginPath();
      context.arc(axis.x(at), this.#y(latencyMs, scaleMs), 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
