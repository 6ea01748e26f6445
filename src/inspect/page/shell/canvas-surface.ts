/** A canvas measured in CSS pixels that is sharp at every device pixel ratio. */
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

  /** Adapts to the size of the canvas on the page. Returns whether that erased its content. */
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
