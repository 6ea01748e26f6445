/** Who waits for news of what, inside the memory engine. */

export class MemoryTopics<Topic, News> {
  readonly #listeners = new Map<Topic, Set<(news: News) => void>>();

  /** Returns a function that removes the listener. */
  subscribe(topic: Topic, listener: (news: News) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) this.#listeners.delete(topic);
    };
  }

  publish(topic: Topic, news: News): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener(news);
  }
}
