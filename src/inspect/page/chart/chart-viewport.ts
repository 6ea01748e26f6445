/** Zooms the chart with buttons, keys and Ctrl+wheel, pans it, and follows the active state. */
import type { ChartPicture, Bounds } from './chart-picture.ts';
import { byId, prefersReducedMotion } from '../shell/dom.ts';

const ZOOM_STEP = 1.2;
const MIN_SCALE = 0.2;
const MAX_SCALE = 3;
/** Labels are too small to read below this scale, so a narrow page starts at it and shows a part of the chart. */
const MIN_READABLE_SCALE = 0.62;
/** The distance in px that a followed state keeps from the edge of the viewport. */
const MARGIN = 24;

export class ChartViewport {
  readonly #viewport = byId('chart-viewport', HTMLElement);
  readonly #columns = byId('columns', HTMLElement);
  readonly #followButton = byId('chart-follow', HTMLButtonElement);
  #picture: ChartPicture | null = null;
  #scale = 1;
  /** Whether the chart resizes with the page, which it does until the user zooms. */
  #isAutoSized = true;
  #target: Bounds | null = null;

  constructor() {
    this.#onClick('chart-in', () => this.#zoom(ZOOM_STEP));
    this.#onClick('chart-out', () => this.#zoom(1 / ZOOM_STEP));
    this.#onClick('chart-fit', () => this.#fit());
    this.#onClick('chart-follow', () => this.#setFollowing(!this.#isFollowing));
    this.#viewport.addEventListener('keydown', (event) => this.#onKeydown(event));
    this.#viewport.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    this.#viewport.addEventListener('pointerdown', (event) => this.#startDrag(event));
    new ResizeObserver(() => this.#onResize()).observe(this.#viewport);
    addEventListener('scroll', () => this.#updateTopOffset(), { passive: true });
    new ResizeObserver(() => this.#updateTopOffset()).observe(document.body);
  }

  /** The style sheet computes the height of the chart from this offset. */
  #updateTopOffset(): void {
    this.#columns.style.setProperty('--columns-top', `${Math.round(this.#columns.getBoundingClientRect().top)}px`);
  }

  #onClick(id: string, run: () => void): void {
    byId(id, HTMLButtonElement).addEventListener('click', run);
  }

  get #isFollowing(): boolean {
    return this.#followButton.getAttribute('aria-pressed') === 'true';
  }

  #setFollowing(on: boolean): void {
    this.#followButton.setAttribute('aria-pressed', String(on));
    if (on) this.#reveal();
  }

  show(picture: ChartPicture): void {
    this.#picture = picture;
    this.#onResize();
  }

  /** Sets the box to scroll to while following. */
  setTarget(target: Bounds | null): void {
    this.#target = target;
    if (this.#isFollowing) this.#reveal();
  }

  #onResize(): void {
    if (this.#isAutoSized) this.#resize(Math.max(MIN_READABLE_SCALE, this.#widthScale()));
    if (this.#isFollowing) this.#reveal();
  }

  #widthScale(): number {
    return this.#picture === null ? 1 : this.#viewport.clientWidth / this.#picture.width;
  }

  #resize(scale: number): void {
    this.#scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
    if (this.#picture === null) return;
    const { svg, width, height } = this.#picture;
    svg.style.setProperty('width', `${Math.floor(width * this.#scale)}px`);
    svg.style.setProperty('height', `${Math.floor(height * this.#scale)}px`);
  }

  #fit(): void {
    this.#isAutoSized = false;
    const { clientHeight } = this.#viewport;
    const heightScale = this.#picture === null ? 1 : clientHeight / this.#picture.height;
    this.#resize(Math.min(this.#widthScale(), heightScale));
  }

  /** Zooms around a point of the viewport. @defaultValue its center */
  #zoom(factor: number, x = this.#viewport.clientWidth / 2, y = this.#viewport.clientHeight / 2): void {
    const { scrollLeft, scrollTop } = this.#viewport;
    const before = this.#scale;
    this.#isAutoSized = false;
    this.#resize(before * factor);
    const ratio = this.#scale / before;
    this.#viewport.scrollTo((scrollLeft + x) * ratio - x, (scrollTop + y) * ratio - y);
  }

  #onKeydown(event: KeyboardEvent): void {
    if (event.key === '+' || event.key === '=') this.#zoom(ZOOM_STEP);
    else if (event.key === '-') this.#zoom(1 / ZOOM_STEP);
    else if (event.key === '0') this.#fit();
    else if (event.key.startsWith('Arrow')) return this.#setFollowing(false);
    else return;
    event.preventDefault();
  }

  #onWheel(event: WheelEvent): void {
    if (!event.ctrlKey) return this.#setFollowing(false);
    event.preventDefault();
    const { left, top } = this.#viewport.getBoundingClientRect();
    this.#zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }

  #startDrag(event: PointerEvent): void {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    const drag = new AbortController();
    const move = ({ movementX, movementY }: PointerEvent): void => {
      this.#setFollowing(false);
      this.#viewport.scrollBy(-movementX, -movementY);
    };
    this.#viewport.setPointerCapture(event.pointerId);
    this.#viewport.addEventListener('pointermove', move, { signal: drag.signal });
    this.#viewport.addEventListener('lostpointercapture', () => drag.abort(), { signal: drag.signal });
  }

  #reveal(): void {
    if (this.#target === null) return;
    const [x, y, width, height] = [this.#target.x, this.#target.y, this.#target.width, this.#target.height].map(
      (length) => length * this.#scale,
    ) as [number, number, number, number];
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#viewport;
    const isInside =
      x >= scrollLeft + MARGIN &&
      y >= scrollTop + MARGIN &&
      x + width <= scrollLeft + clientWidth - MARGIN &&
      y + height <= scrollTop + clientHeight - MARGIN;
    if (isInside) return;
    this.#viewport.scrollTo({
      left: x + width / 2 - clientWidth / 2,
      top: y + height / 2 - clientHeight / 2,
      behavior: prefersReducedMotion() ? 'instant' : 'smooth',
    });
  }
}
