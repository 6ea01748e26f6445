/** How the chart looks on this page: its own style sheet, in the colours of the page, with lit states and edges. */
const HIGHLIGHT_CSS = `
svg { display: block; }
.paper { fill: none; }
.state > rect { transition: fill .2s, stroke .2s; }
.state.active > rect { stroke: var(--lit); stroke-width: 1.6; fill: color-mix(in srgb, var(--lit) 5%, var(--panel)); }
.state.leaf > rect { stroke-width: 2.4; fill: color-mix(in srgb, var(--lit) 18%, var(--panel)); }
.state.region.active > rect { fill: none; }
.state.leaf > .title { font-weight: 700; }
.edge .plate { fill: var(--panel); fill-opacity: .88; }
marker path { fill: context-stroke; }
.edge.last path { stroke: var(--lit); stroke-width: 2; }
.transition.last text { fill: var(--page-ink); font-weight: 700; }
@media (prefers-reduced-motion: reduce) { .state > rect { transition: none; } }
`;

/** The picture's colours are variables of its own; here they are the page's. */
const COLOR_CSS = `svg { --ink: var(--page-ink); --soft: var(--page-soft); --line: var(--page-line);
--paper: var(--panel); --state: var(--panel); --deep: var(--page-deep); --edge: var(--page-edge); }`;

/** Sheets for a picture whose own style is `css`. Constructed, since the page allows no inline style. */
export const chartSheets = (css: string): CSSStyleSheet[] =>
  [css, COLOR_CSS, HIGHLIGHT_CSS].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
