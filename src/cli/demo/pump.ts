/** Lets the world happen: sends bursts of dispatches at their pace. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Happening, World } from './world.ts';

/** The field of a dispatch its serial is in. */
export const SERIAL = 'demo_serial';

/** The serial of a dispatch; `null` for one that is not the pump's. */
export function serialOf(d: unknown): number | null {
  const serial: unknown = (d as Readonly<Record<string, unknown>> | null)?.[SERIAL];
  return typeof serial === 'number' ? serial : null;
}

export interface PumpOptions {
  readonly world: World;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly send: (happening: Happening) => void;
}

export class Pump {
  readonly #options: PumpOptions;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Sends the bursts at their pace; ends early when aborted. */
  async send(bursts: readonly number[]): Promise<void> {
    const { world, everyMs, signal, send } = this.#options;
    for (const size of bursts) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      for (let sent = 0; sent < size; sent += 1) send(world.next());
    }
  }
}
