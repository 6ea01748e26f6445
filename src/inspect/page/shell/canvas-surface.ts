/** A canvas that is sharp on every screen, measured in CSS pixels. */
export class CanvasSurface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  #ratio = 0;
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement, onResize: () => void) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser can not draw on a canvas');
    this.canvas = canvas;
    this.context = context;
    new ResizeObserver(onResize).observe(canvas);
  }

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** Fits to the size the canvas has on the page. True when that wiped it. */
  fit(): boolean {
    const { clientWidth, clientHeight } = this.canvas;
    if (this.#ratio === devicePixelRatio && this.#width === clientWidth && this.#height === clientHeight) return false;
    this.#ratio = devicePixelRatio;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    return true;
  }

  clear(): void {
    this.context.clearRect(0, 0, this.#width, this.#height);
  }
}
