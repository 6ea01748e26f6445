/** Draws a chart as SVG: one file for light and dark, readable without colour, with stable ids. */
import type { Chart, ChartState, Line } from './chart.ts';
import type { Box, Layout, PlacedArrow } from './layout.ts';
import { FONT, TITLE, textWidth } from './text.ts';

const STYLE = `
svg{--ink:#1f2328;--soft:#59636e;--line:#818b98;--paper:#ffffff;--state:#f6f8fa;--deep:#eef1f4;--edge:#59636e;--accent:#0969da}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9198a1;--line:#6e7681;--paper:#0d1117;--state:#161b22;--deep:#11161d;--edge:#9198a1;--accent:#4493f8}}
text{font:${FONT.size}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--soft)}
.title{font-size:${TITLE.size}px;font-weight:600;fill:var(--ink)}
.paper{fill:var(--paper)}
.state>rect{fill:var(--state);stroke:var(--line);stroke-width:1.2}
.compound>rect,.parallel>rect{fill:var(--deep)}
.region>rect{fill:none;stroke-dasharray:5 4}
.fork>rect{stroke-dasharray:2 3}
.edge path{fill:none;stroke:var(--edge);stroke-width:1.2}
.edge .plate{fill:var(--paper);fill-opacity:.86}
.dot{fill:var(--ink)}
marker path{fill:var(--edge)}
`.trim();

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? '');

const n = (value: number): string => String(Math.round(value * 10) / 10);

const rect = ({ x, y, width, height }: Box, rest = ''): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"${rest}/>`;

/** Draws transitions as a list. Each is a separate group, so that the inspector can highlight it. */
function linesSvg(lines: readonly Line[], x: number, top: number): string {
  let y = top;
  return lines
    .map(({ id, rows }) => {
      const texts = rows.map((row) => {
        y += FONT.height;
        const indent = row.length - row.trimStart().length;
        return `<text x="${n(x + textWidth(' '.repeat(indent), FONT))}" y="${n(y)}">${escapeXml(row.trimStart())}</text>`;
      });
      return `<g class="transition" data-transition="${escapeXml(id)}">${texts.join('')}</g>`;
    })
    .join('');
}

/** The radius of a bend. */
const RADIUS = 6;

/** Returns the path through the points of an arrow, with rounded corners. */
export function pathThrough(points: PlacedArrow['points']): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${n(first.x)} ${n(first.y)}`;
  rest.forEach((point, index) => {
    const before = points[index];
    const after = rest[index + 1];
    if (before === undefined || after === undefined) {
      path += `L${n(point.x)} ${n(point.y)}`;
      return;
    }
    const into = towards(point, before);
    const out = towards(point, after);
    path += `L${n(into.x)} ${n(into.y)}Q${n(point.x)} ${n(point.y)} ${n(out.x)} ${n(out.y)}`;
  });
  return path;
}

function towards(from: { x: number; y: number }, to: { x: number; y: number }): { x: number; y: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

function stateSvg(state: ChartState, layout: Layout): string {
  const box = layout.states.get(state.id);
  const children = state.states.map((child) => stateSvg(child, layout)).join('');
  if (box === undefined) return children;
  const x = box.x + 14;
  const lines = linesSvg(state.inside, x, box.y + TITLE.height + 3);
  return (
    `<g class="state ${state.kind}" data-state="${escapeXml(state.id)}">${rect(box, ' rx="7"')}` +
    `<text class="title" x="${n(x)}" y="${n(box.y + TITLE.height + 2)}">${escapeXml(state.title)}</text>${lines}</g>\n${children}`
  );
}

function arrowSvg({ arrow, points, label }: PlacedArrow): string {
  const path = `<path d="${pathThrough(points)}" marker-end="url(#head)"/>`;
  if (arrow === null) return `<g class="edge initial">${path}</g>\n`;
  const lines = label === null ? '' : linesSvg(arrow.lines, label.x + 4, label.y - 2);
  const ids = arrow.lines.map(({ id }) => id).join('\n');
  return (
    `<g class="edge" data-transitions="${escapeXml(ids).replaceAll('\n', '&#10;')}">${path}` +
    `${label === null ? '' : rect(label, ' class="plate" rx="3"')}${lines}</g>\n`
  );
}

export function svgOf(chart: Chart, layout: Layout): string {
  const size = `viewBox="0 0 ${n(layout.width)} ${n(layout.height)}" width="${n(layout.width)}" height="${n(layout.height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title">
<title id="title">The statechart "${escapeXml(chart.id)}"</title>
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8L2 4Z"/></marker></defs>
${rect({ x: 0, y: 0, width: layout.width, height: layout.height }, ' class="paper" rx="8"')}
${stateSvg(chart.root, layout)}${layout.dots.map(({ x, y, width }) => `<circle class="dot" cx="${n(x + width / 2)}" cy="${n(y + width / 2)}" r="${n(width / 2)}"/>`).join('')}
${layout.arrows.map(arrowSvg).join('')}</svg>
`;
}
