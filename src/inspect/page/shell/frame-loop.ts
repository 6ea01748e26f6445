/** The animation loop of the page. It draws a view when one of its topics has changed, or after `refreshMs`. */
import type { ChangeNotifier, Topic } from '../model/page-state.ts';

export interface Frame {
  /** In ms of the page's time. */
  readonly at: number;
  /** The topics that changed since the last frame. */
  readonly changed: ReadonlySet<Topic>;
}

export interface View {
  /** The topics this view depends on. Every view depends on `model` and `theme`, too. */
  readonly topics: readonly Topic[];
  /** Draws at this interval, even if only the time has changed. */
  readonly refreshMs?: number;
  /** The minimum interval between two draws. */
  readonly minIntervalMs?: number;
  draw(frame: Frame): void;
}

export class FrameLoop implements ChangeNotifier {
  readonly #slots: { readonly view: View; drawnAt: number; isDue: boolean }[] = [];
  #changed = new Set<Topic>(['model']);

  add(...views: View[]): void {
    this.#slots.push(...views.map((view) => ({ view, drawnAt: -Infinity, isDue: true })));
  }

  notify(...topics: Topic[]): void {
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
    const all = changed.has('model') || changed.has('theme');
    for (const slot of this.#slots) {
      const { topics, refreshMs = Infinity, minIntervalMs = 0 } = slot.view;
      slot.isDue ||= all || topics.some((topic) => changed.has(topic));
      const sinceMs = at - slot.drawnAt;
      if (!all && (slot.isDue ? sinceMs < minIntervalMs : sinceMs < refreshMs)) continue;
      slot.isDue = false;
      slot.drawnAt = at;
      slot.view.draw({ at, changed });
    }
  }
}
