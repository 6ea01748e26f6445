/** Plots the latency of each heartbeat, and marks heartbeats that were not acknowledged. */
import type { ShardState } from '../../../../machines/index.ts';
import type { Heartbeat, StateChange } from '../../messages.ts';
import { byId, setText } from '../shell/dom.ts';
import { median, formatMs } from '../model/format.ts';
import type { Frame, View } from '../shell/frame-loop.ts';
import type { PageState } from '../model/page-state.ts';
import type { TimeRange } from './time-range.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import type { Theme } from '../shell/theme.ts';
import { FONT, GUTTER, TimeAxis, roundUpToNice } from './time-axis.ts';

const TOP_MARGIN = 8;
const BOTTOM_MARGIN = 6;

interface AckedHeartbeat {
  readonly at: number;
  readonly latencyMs: number;
}

const isAcked = (heartbeat: Heartbeat): heartbeat is AckedHeartbeat => heartbeat.latencyMs !== null;

/** In these states the shard has no working connection, so the line is interrupted. */
const DISCONNECTED_STATES: ReadonlySet<string> = new Set<ShardState>([
  'zombie',
  'reconnecting',
  'disconnecting',
  'disconnected',
  'failed',
]);

export class LatencyPlot implements View {
  readonly topics = ['history', 'selection', 'freeze'] as const;
  readonly refreshMs = 250;
  readonly minIntervalMs = 30;
  readonly #pageState: PageState;
  readonly #theme: Theme;
  readonly #timeRange: TimeRange;
  readonly #canvas = byId('latency', HTMLCanvasElement);
  readonly #surface: CanvasSurface;
  readonly #numbers = ['now', 'median', 'max', 'missed'].map((name) => byId(`latency-${name}`, HTMLElement));

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
    const heartbeats = (model.history?.heartbeats ?? []).filter(
      (heartbeat) => heartbeat.at >= axis.from && heartbeat.at <= axis.to,
    );
    const acked = heartbeats.filter(isAcked);
    const maxMs = Math.max(...acked.map(({ latencyMs }) => latencyMs), 1);
    this.#drawNumbers(acked, heartbeats.length - acked.length, maxMs);
    const scaleMs = roundUpToNice(maxMs * 1.05);
    this.#drawFrame(axis, scaleMs);
    this.#drawMissed(axis, heartbeats);
    this.#drawLine(axis, heartbeats, model.history?.states ?? [], scaleMs);
    if (frozen !== null) axis.drawMoment(this.#surface, this.#theme.palette.accent, frozen.at, 0, this.#surface.height);
  }

  #drawNumbers(acked: readonly AckedHeartbeat[], missed: number, maxMs: number): void {
    const latencies = acked.map(({ latencyMs }) => latencyMs);
    const formatted = [latencies.at(-1) ?? null, median(latencies), latencies.length === 0 ? null : maxMs].map((ms) =>
      ms === null ? '–' : formatMs(ms),
    );
    const texts = [...formatted, String(missed)];
    for (const [index, node] of this.#numbers.entries()) setText(node, texts[index] ?? '');
    this.#numbers.at(-1)?.classList.toggle('bad', missed > 0);
    this.#canvas.setAttribute(
      'aria-label',
      `Heartbeat latency: now ${texts[0]}, median ${texts[1]}, maximum ${texts[2]}, ${missed} missed`,
    );
  }

  #y(latencyMs: number, scaleMs: number): number {
    const height = this.#surface.height - TOP_MARGIN - BOTTOM_MARGIN;
    return TOP_MARGIN + height * (1 - latencyMs / scaleMs);
  }

  #drawFrame(axis: TimeAxis, scaleMs: number): void {
    const { context } = this.#surface;
    const { palette } = this.#theme;
    axis.draw(this.#surface, palette, TOP_MARGIN, this.#surface.height - BOTTOM_MARGIN, true);
    context.font = FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(this.#y(scaleMs * share, scaleMs)) + 0.5;
      context.fillStyle = palette.line;
      context.fillRect(GUTTER, y, axis.right - GUTTER, 1);
      context.fillStyle = palette.soft;
      context.fillText(
        share === 0 ? '0' : formatMs(scaleMs * share),
        GUTTER - 8,
        Math.min(y, this.#surface.height - 7),
      );
    }
  }

  #drawMissed(axis: TimeAxis, heartbeats: readonly Heartbeat[]): void {
    const { context } = this.#surface;
    const bottom = this.#surface.height - BOTTOM_MARGIN;
    context.strokeStyle = this.#theme.palette.danger;
    for (const { at } of heartbeats.filter((heartbeat) => !isAcked(heartbeat))) {
      const x = axis.x(at);
      context.lineWidth = 1;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(x, TOP_MARGIN);
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

  /** Draws a line through acknowledged heartbeats, interrupted by missed heartbeats and disconnects. */
  #drawLine(axis: TimeAxis, heartbeats: readonly Heartbeat[], states: readonly StateChange[], scaleMs: number): void {
    const breaks = states.filter(({ state }) => DISCONNECTED_STATES.has(state)).map(({ at }) => at);
    const { context } = this.#surface;
    const { accent } = this.#theme.palette;
    context.strokeStyle = accent;
    context.fillStyle = accent;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let previous: AckedHeartbeat | null = null;
    for (const heartbeat of heartbeats) {
      const { at } = heartbeat;
      const start = previous?.at ?? at;
      const isJoined = previous !== null && !breaks.some((breakAt) => breakAt > start && breakAt <= at);
      if (isAcked(heartbeat))
        context[isJoined ? 'lineTo' : 'moveTo'](axis.x(at), this.#y(heartbeat.latencyMs, scaleMs));
      previous = isAcked(heartbeat) ? heartbeat : null;
    }
    context.stroke();
    for (const { at, latencyMs } of heartbeats.filter(isAcked)) {
      context.beginPath();
      context.arc(axis.x(at), this.#y(latencyMs, scaleMs), 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
