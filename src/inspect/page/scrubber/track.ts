/** Draws the time of a recording: dispatches as bars, incidents as marks, the stretch to save, and the time shown. */
import type { RecordedIncident, RecordedSpan } from '../../messages.ts';
import type { CanvasSurface } from '../shell/canvas-surface.ts';
import type { Palette } from '../shell/theme.ts';

interface TrackMoment {
  readonly at: number;
  readonly chosen: RecordedIncident | null;
  readonly stretch: { readonly from: number; readonly to: number };
}

const MARK_HEIGHT = 8;

export function drawTrack(
  surface: CanvasSurface,
  palette: Palette,
  { from, to, incidents, dispatches }: RecordedSpan,
  { at, chosen, stretch }: TrackMoment,
): void {
  const { context, width, height } = surface;
  const x = (time: number): number => ((time - from) / Math.max(1, to - from)) * width;
  surface.clear();
  if (stretch.from > from || stretch.to < to) {
    context.fillStyle = palette.tint;
    context.fillRect(x(stretch.from), 0, Math.max(1, x(stretch.to) - x(stretch.from)), height);
  }
  const most = Math.max(1, ...dispatches.counts);
  context.fillStyle = palette.soft;
  for (const [index, count] of dispatches.counts.entries()) {
    const left = x(from + index * dispatches.binMs);
    const barHeight = (count / most) * (height - MARK_HEIGHT - 4);
    context.fillRect(
      left,
      height - barHeight,
      Math.max(1, x(from + (index + 1) * dispatches.binMs) - left - 0.5),
      barHeight,
    );
  }
  for (const incident of incidents) {
    const left = x(incident.startAt);
    context.fillStyle = incident === chosen ? palette.danger : palette.warning;
    context.globalAlpha = 0.25;
    context.fillRect(left, 0, Math.max(1, x(incident.endAt) - left), height);
    context.globalAlpha = 1;
    context.beginPath();
    context.moveTo(left - 4.5, 0);
    context.lineTo(left + 4.5, 0);
    context.lineTo(left, MARK_HEIGHT);
    context.fill();
  }
  context.fillStyle = palette.accent;
  context.fillRect(Math.min(width - 2, Math.round(x(at))), 0, 2, height);
}
