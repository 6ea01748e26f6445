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
  /** Draws no more often than this, however much changes. */
  readonly restMs?: number;
  draw(frame: Frame): void;
}

export class FrameLoop implements Changes {
  readonly #slots: { readonly view: View; drawnAt: number; isDue: boolean }[] = [];
  #changed = new Set<Topic>(['world']);

  add(...views: View[]): void {
    this.#slots.push(...views.map((view) => ({ view, drawnAt: -Infinity, isDue: true })));
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
    for (const slot of this.#slots) {
      const { on, everyMs = Infinity, restMs = 0 } = slot.view;
      slot.isDue ||= all || on.some((topic) => changed.has(topic));
      const sinceMs = at - slot.drawnAt;
      if (!all && (slot.isDue ? sinceMs < restMs : sinceMs < everyMs)) continue;
      slot.isDue = false;
      slot.drawnAt = at;
      slot.view.draw({ at, changed });
    }
  }
}
