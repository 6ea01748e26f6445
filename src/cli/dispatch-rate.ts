/** Counts dispatches by event name between two log lines. */
import { formatMs, formatNumber } from '../inspect/page/model/format.ts';

/** How many event names a line shows. */
const MAX_NAMED = 3;
/** Discord's names have up to 39 characters; a gateway can send others. */
const MAX_NAME_LENGTH = 50;
/** How many names are counted apart, so that names without end cost no memory. */
const MAX_COUNTED = 1_000;

export class DispatchRate {
  readonly #counts = new Map<string, number>();
  #since = performance.now();

  count(type: string): void {
    const short = type.length > MAX_NAME_LENGTH ? `${type.slice(0, MAX_NAME_LENGTH)}…` : type;
    const name = this.#counts.has(short) || this.#counts.size < MAX_COUNTED ? short : '(others)';
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Returns the counts as text and resets them; `null` when there were no dispatches. */
  consumeText(): string | null {
    const now = performance.now();
    const elapsedMs = now - this.#since;
    const kinds = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    const total = kinds.reduce((sum, [, count]) => sum + count, 0);
    this.#since = now;
    this.#counts.clear();
    if (total === 0) return null;
    const named = kinds.slice(0, MAX_NAMED).map(([type, count]) => `${type} ${formatNumber(count)}`);
    const rest = kinds.length > MAX_NAMED ? ', …' : '';
    const perSecond = (total / elapsedMs) * 1000;
    const rate = perSecond < 10 ? `in ${formatMs(elapsedMs)}` : `at ${formatNumber(perSecond)}/s`;
    return `${formatNumber(total)} ${rate}: ${named.join(', ')}${rest}`;
  }
}
