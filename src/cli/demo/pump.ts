/** Lets the world happen: sends bursts of dispatches, each with its serial number. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeGateway } from '../../testing/index.ts';
import type { Ledger } from './ledger.ts';
import type { World } from './world.ts';

/** The field of a dispatch its serial is in. */
export const SERIAL = 'demo_serial';

export interface PumpOptions {
  readonly gateway: FakeGateway;
  readonly world: World;
  readonly ledger: Ledger;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

export class Pump {
  readonly #options: PumpOptions;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Sends the bursts at their pace; ends early when aborted. */
  async send(bursts: readonly number[]): Promise<void> {
    const { everyMs, signal } = this.#options;
    for (const size of bursts) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      for (let sent = 0; sent < size; sent += 1) this.#send();
    }
  }

  #send(): void {
    const { gateway, world, ledger } = this.#options;
    const { t, d } = world.next();
    gateway.dispatch(t, { ...d, [SERIAL]: ledger.issue() });
  }
}
