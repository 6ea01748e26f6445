/** Says that the page shows the past, or a recording, and how to come back. */
import { byId, write } from './dom.ts';
import { clockTimeMs } from './format.ts';
import type { View } from './frame-loop.ts';
import type { Session } from './session.ts';

export class FreezeBar implements View {
  readonly on = ['freeze'] as const;
  readonly #session: Session;
  readonly #bar = byId('bar', HTMLElement);
  readonly #text = byId('bar-text', HTMLElement);
  readonly #back = byId('bar-back-text', HTMLElement);

  constructor(session: Session) {
    this.#session = session;
    byId('bar-back', HTMLButtonElement).addEventListener('click', () => this.back());
    // What else sticks to the top of the window sticks below the bar.
    new ResizeObserver(() => document.documentElement.style.setProperty('--bar', `${this.#bar.offsetHeight}px`)).observe(this.#bar);
  }

  /** One step back: from a frozen moment, then from a recording. */
  back(): void {
    if (this.#session.frozen !== null) this.#session.thaw();
    else if (this.#session.isRecording) this.#session.backToLive();
  }

  draw(): void {
    const { frozen, isRecording, world } = this.#session;
    this.#bar.hidden = frozen === null && !isRecording;
    if (frozen !== null) {
      write(this.#text, `Frozen at ${clockTimeMs(frozen.at)}, ${frozen.text}. The chart shows ${world.titleOf(frozen.shard)} as it was then.`);
    } else if (isRecording) {
      write(this.#text, `A recording of shardwright ${world.version}, which ends at ${new Date(world.now(0)).toLocaleString('en-GB')}.`);
    }
    write(this.#back, isRecording && frozen !== null ? 'Back to the recording' : 'Back to live');
  }
}
