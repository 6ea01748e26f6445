/** Draws a machine as an SVG, and names its file. */
import { join } from 'node:path';
import { ROOT } from '../run.ts';
import { chartOf } from './chart.ts';
import { layoutOf } from './layout.ts';
import type { ChartSource } from './machines.ts';
import { svgOf } from './svg.ts';

export const fileOf = ({ machine }: ChartSource): string => join(ROOT, 'docs', 'charts', `${machine.id}.svg`);

/** Resolves with the SVG; the same machine gives the same bytes. */
export async function draw({ machine, options }: ChartSource): Promise<string> {
  const chart = chartOf(machine, options);
  return svgOf(chart, await layoutOf(chart));
}
