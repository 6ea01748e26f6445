/** The window onto the chart: zoom by buttons, keys and Ctrl+wheel, pan by scrolling and dragging, follow what is active. */
import type { ChartPicture, Place } from './chart-picture.ts';
import { byId, prefersStill } from './dom.ts';

const STEP = 1.2;
const SMALLEST = 0.2;
const LARGEST = 3;
/** Below this nobody reads the labels, so a narrow page starts here and shows a part. */
const READABLE = 0.62;
/** A followed state keeps this much distance to the rim, px. */
const RIM = 24;

export class ChartPane {
  readonly #viewport = byId('chart-viewport', HTMLElement);
  readonly #columns = byId('columns', HTMLElement);
  readonly #followButton = byId('chart-follow', HTMLButtonElement);
  #picture: ChartPicture | null = null;
  #scale = 1;
  /** The size follows the page's until somebody zooms. */
  #isAutomatic = true;
  #place: Place | null = null;

  constructor() {
    this.#onClick('chart-in', () => this.#zoom(STEP));
    this.#onClick('chart-out', () => this.#zoom(1 / STEP));
    this.#onClick('chart-fit', () => this.#fit());
    this.#onClick('chart-follow', () => this.#follow(!this.#isFollowing));
    this.#viewport.addEventListener('keydown', (event) => this.#key(event));
    this.#viewport.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.#viewport.addEventListener('pointerdown', (event) => this.#drag(event));
    new ResizeObserver(() => this.#resized()).observe(this.#viewport);
    addEventListener('scroll', () => this.#tellTop(), { passive: true });
    new ResizeObserver(() => this.#tellTop()).observe(document.body);
  }

  /** For the style sheet: how much of the window is left for the chart. */
  #tellTop(): void {
    this.#columns.style.setProperty('--columns-top', `${Math.round(this.#columns.getBoundingClientRect().top)}px`);
  }

  #onClick(id: string, act: () => void): void {
    byId(id, HTMLButtonElement).addEventListener('click', act);
  }

  get #isFollowing(): boolean {
    return this.#followButton.getAttribute('aria-pressed') === 'true';
  }

  #follow(on: boolean): void {
    this.#followButton.setAttribute('aria-pressed', String(on));
    if (on) this.#reveal();
  }

  show(picture: ChartPicture): void {
    this.#picture = picture;
    this.#resized();
  }

  /** Where the eye should be. */
  lookAt(place: Place | null): void {
    this.#place = place;
    if (this.#isFollowing) this.#reveal();
  }

  #resized(): void {
    if (this.#isAutomatic) this.#resize(Math.max(READABLE, this.#widthScale()));
    if (this.#isFollowing) this.#reveal();
  }

  #widthScale(): number {
    return this.#picture === null ? 1 : this.#viewport.clientWidth / this.#picture.width;
  }

  #resize(scale: number): void {
    this.#scale = Math.min(LARGEST, Math.max(SMALLEST, scale));
    if (this.#picture === null) return;
    const { svg, width, height } = this.#picture;
    svg.style.setProperty('width', `${Math.floor(width * this.#scale)}px`);
    svg.style.setProperty('height', `${Math.floor(height * this.#scale)}px`);
  }

  #fit(): void {
    this.#isAutomatic = false;
    this.#resize(this.#widthScale());
  }

  /** Zooms around a point of the viewport, its middle unless told. */
  #zoom(factor: number, x = this.#viewport.clientWidth / 2, y = this.#viewport.clientHeight / 2): void {
    const { scrollLeft, scrollTop } = this.#viewport;
    const before = this.#scale;
    this.#isAutomatic = false;
    this.#resize(before * factor);
    const grown = this.#scale / before;
    this.#viewport.scrollTo((scrollLeft + x) * grown - x, (scrollTop + y) * grown - y);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === '+' || event.key === '=') this.#zoom(STEP);
    else if (event.key === '-') this.#zoom(1 / STEP);
    else if (event.key === '0') this.#fit();
    else if (event.key.startsWith('Arrow')) return this.#follow(false);
    else return;
    event.preventDefault();
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey) return this.#follow(false);
    event.preventDefault();
    const { left, top } = this.#viewport.getBoundingClientRect();
    this.#zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }

  #drag(event: PointerEvent): void {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    const drag = new AbortController();
    const move = ({ movementX, movementY }: PointerEvent): void => {
      this.#follow(false);
      this.#viewport.scrollBy(-movementX, -movementY);
    };
    this.#viewport.setPointerCapture(event.pointerId);
    this.#viewport.addEventListener('pointermove', move, { signal: drag.signal });
    this.#viewport.addEventListener('lostpointercapture', () => drag.abort(), { signal: drag.signal });
  }

  #reveal(): void {
    if (this.#place === null) return;
    const [x, y, width, height] = [this.#place.x, this.#place.y, this.#place.width, this.#place.height].map((length) => length * this.#scale) as [number, number, number, number];
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#viewport;
    const isInside = x >= scrollLeft + RIM && y >= scrollTop + RIM && x + width <= scrollLeft + clientWidth - RIM && y + height <= scrollTop + clientHeight - RIM;
    if (isInside) return;
    this.#viewport.scrollTo({
      left: x + width / 2 - clientWidth / 2,
      top: y + height / 2 - clientHeight / 2,
      behavior: prefersStill() ? 'instant' : 'smooth',
    });
  }
}
