/** Shows a statechart's SVG, and highlights its states and transitions. A shadow tree keeps its style sheet apart. */
import { prefersReducedMotion } from '../shell/dom.ts';

const GLOW_MS = 1_500;

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

/** The picture has colour variables of its own; here they get the colours of the page. */
const COLOR_CSS = `svg { --ink: var(--page-ink); --soft: var(--page-soft); --line: var(--page-line);
--paper: var(--panel); --state: var(--panel); --deep: var(--page-deep); --edge: var(--page-edge); }`;

/** Constructed style sheets, since the page's policy allows no inline style. */
const styleSheetsFor = (css: string): CSSStyleSheet[] =>
  [css, COLOR_CSS, HIGHLIGHT_CSS].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });

/** The box of a state, in the units of the SVG. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const attribute = (node: Element, name: string): number => Number(node.getAttribute(name));

/** Returns the ids of a state and of all states around it, outermost first. */
const withAncestors = (id: string): string[] =>
  id.split('.').map((_key, index, keys) => keys.slice(0, index + 1).join('.'));

export class ChartPicture {
  readonly svg: SVGSVGElement;
  readonly width: number;
  readonly height: number;
  readonly #states: ReadonlyMap<string, SVGGElement>;
  /** The elements to highlight for a transition: its label, and its edge when it has one. */
  readonly #transitions = new Map<string, SVGGElement[]>();
  #lastTaken: SVGGElement[] = [];

  private constructor(svg: SVGSVGElement) {
    this.svg = svg;
    this.width = attribute(svg, 'width');
    this.height = attribute(svg, 'height');
    this.#states = new Map(
      [...svg.querySelectorAll<SVGGElement>('g.state')].map((node) => [node.dataset['state'] ?? '', node]),
    );
    for (const label of svg.querySelectorAll<SVGGElement>('g.transition')) {
      const edge = label.closest<SVGGElement>('g.edge');
      this.#transitions.set(label.dataset['transition'] ?? '', edge === null ? [label] : [label, edge]);
    }
  }

  /** Fetches an SVG and shows it in the shadow tree of `host`. */
  static async load(url: string, host: HTMLElement): Promise<ChartPicture> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the inspector answered ${response.status} for ${url}`);
    const text = await response.text();
    const css = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const parsed = new DOMParser().parseFromString(
      text.replace(/<style>[\s\S]*?<\/style>/, ''),
      'image/svg+xml',
    ).documentElement;
    const svg = document.importNode(parsed, true);
    if (!(svg instanceof SVGSVGElement)) throw new Error(`${url} is not an SVG`);
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = styleSheetsFor(css);
    root.replaceChildren(svg);
    return new ChartPicture(svg);
  }

  /** The name that screen readers read. */
  set accessibleName(name: string) {
    const title = this.svg.querySelector('title');
    if (title !== null && title.textContent !== name) title.textContent = name;
  }

  /** Highlights the active states. Returns the innermost ones, in the order of the SVG. */
  highlight(active: readonly string[]): string[] {
    const activeIds = new Set(active.flatMap(withAncestors));
    const parents = new Set([...activeIds].map((id) => id.slice(0, id.lastIndexOf('.'))));
    const leaves: string[] = [];
    for (const [id, node] of this.#states) {
      const isLeaf = activeIds.has(id) && !parents.has(id);
      node.classList.toggle('active', activeIds.has(id));
      node.classList.toggle('leaf', isLeaf);
      if (isLeaf) leaves.push(id);
    }
    return leaves;
  }

  /** Marks the transitions taken last, in place of those marked before. */
  markLast(taken: readonly string[]): void {
    for (const node of this.#lastTaken) node.classList.remove('last');
    this.#lastTaken = taken.flatMap((id) => this.#transitions.get(id) ?? []);
    for (const node of this.#lastTaken) node.classList.add('last');
  }

  /** Makes the edges of these transitions glow once. */
  glow(taken: readonly string[]): void {
    if (prefersReducedMotion()) return;
    const edges = new Set(
      taken.flatMap((id) => this.#transitions.get(id) ?? []).filter((node) => node.matches('.edge')),
    );
    for (const edge of edges) glowOnce(edge);
  }

  boundsOf(id: string): Bounds | null {
    const box = this.#states.get(id)?.querySelector('rect');
    if (box === null || box === undefined) return null;
    return {
      x: attribute(box, 'x'),
      y: attribute(box, 'y'),
      width: attribute(box, 'width'),
      height: attribute(box, 'height'),
    };
  }

  /** Returns the id of the innermost state with this name. */
  stateNamed(name: string): string | null {
    return [...this.#states.keys()].findLast((id) => id.endsWith(`.${name}`)) ?? null;
  }
}

function glowOnce(edge: SVGGElement): void {
  const path = edge.querySelector('path');
  if (path === null) return;
  for (const running of path.getAnimations()) running.cancel();
  edge.classList.add('glow');
  const bright = { stroke: 'var(--lit)', strokeWidth: '3.4px', filter: 'drop-shadow(0 0 7px var(--lit))' };
  const animation = path.animate(
    [{ ...bright }, { ...bright, offset: 0.15 }, { filter: 'drop-shadow(0 0 0 transparent)' }],
    {
      duration: GLOW_MS,
      easing: 'ease-out',
    },
  );
  animation.addEventListener('finish', () => edge.classList.remove('glow'));
}
