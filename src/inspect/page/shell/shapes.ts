/** Draws the shapes of states on canvases and in texts. */
import type { ShardState } from '../../../../machines/index.ts';
import { STATES } from '../model/states.ts';
import type { StateAppearance } from '../model/states.ts';

/** The side of the box around a path. */
export const SHAPE_BOX = 16;
const STROKE = 2.4;

const PATHS: ReadonlyMap<ShardState, readonly [StateAppearance, Path2D]> = new Map(
  STATES.map((appearance) => [appearance.state, [appearance, new Path2D(appearance.path)]]),
);

/** Draws a shape of `size` pixels around a point. */
export function drawShape(
  context: CanvasRenderingContext2D,
  state: ShardState,
  x: number,
  y: number,
  size: number,
  color: string,
): void {
  const found = PATHS.get(state);
  if (found === undefined) return;
  const [{ paint }, path] = found;
  context.save();
  context.translate(x - size / 2, y - size / 2);
  context.scale(size / SHAPE_BOX, size / SHAPE_BOX);
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = STROKE;
  if (paint === 'fill') context.fill(path, 'evenodd');
  else context.stroke(path);
  context.restore();
}

const SVG = 'http://www.w3.org/2000/svg';

/** Returns a shape for a line of text. Screen readers skip it, since the state's name is beside it. */
export function icon({ state, path, paint }: StateAppearance): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${SHAPE_BOX} ${SHAPE_BOX}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `shape ${paint} ${state}`);
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', path);
  shape.setAttribute('fill-rule', 'evenodd');
  svg.append(shape);
  return svg;
}
