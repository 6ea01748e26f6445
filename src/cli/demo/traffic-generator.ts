/** Sends bursts of dispatches at a steady pace. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeEvent, FakeContent } from './fake-content.ts';

/** The field of `d` that holds the serial. */
export const SERIAL = 'demo_serial';

/** Returns the serial of a dispatch; `null` for a dispatch that has none, such as READY. */
export function serialOf(d: unknown): number | null {
  const serial: unknown = (d as Readonly<Record<string, unknown>> | null)?.[SERIAL];
  return typeof serial === 'number' ? serial : null;
}

export interface TrafficGeneratorOptions {
  readonly content: FakeContent;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly send: (event: FakeEvent) => void;
}

export class TrafficGenerator {
  readonly #options: TrafficGeneratorOptions;

  constructor(options: TrafficGeneratorOptions) {
    this.#options = options;
  }

  /** Sends the bursts. Resolves after the last one, or when the signal aborts. */
  async send(bursts: readonly number[]): Promise<void> {
    const { content, everyMs, signal, send } = this.#options;
    for (const size of bursts) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      for (let sent = 0; sent < size; sent += 1) send(content.next());
    }
  }
}
