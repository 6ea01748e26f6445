/** The one animation loop of the page: views say what they show, and draw when that has changed or enough time has passed. */
import type { Changes, Topic } from './session.ts';

export interface Frame {
  /** In the page's own time, ms. */
  readonly at: number;
  /** What has changed since the last frame. */
  readonly changed: ReadonlySet<Topic>;
}

export interface View {
  /** `world` and `theme` concern every view. */
  readonly on: readonly Topic[];
  /** Draws also when nothing changed but the time. */
  readonly everyMs?: number;
  draw(frame: Frame): void;
}

export class FrameLoop implements Changes {
  readonly #views: { view: View; drawnAt: number }[] = [];
  #changed = new Set<Topic>(['world']);

  add(...views: View[]): void {
    this.#views.push(...views.map((view) => ({ view, drawnAt: -Infinity })));
  }

  touch(...topics: Topic[]): void {
    for (const topic of topics) this.#changed.add(topic);
  }

  start(): void {
    requestAnimationFrame((at) => {
      this.#draw(at);
      this.start();
    });
  }

  #draw(at: number): void {
    const changed = this.#changed;
    this.#changed = new Set();
    const all = changed.has('world') || changed.has('theme');
    for (const slot of this.#views) {
      const { on, everyMs = Infinity } = slot.view;
      if (!all && !on.some((topic) => changed.has(topic)) && at - slot.drawnAt < everyMs) continue;
      slot.drawnAt = at;
      slot.view.draw({ at, changed });
    }
  }
}
