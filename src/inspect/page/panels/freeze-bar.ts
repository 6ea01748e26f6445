/** The bar at the top while the page is frozen or shows a recording, with the button that leads back. */
import { byId, setText } from '../shell/dom.ts';
import { clockTimeMs } from '../model/format.ts';
import type { View } from '../shell/frame-loop.ts';
import type { PageState } from '../model/page-state.ts';

export class FreezeBar implements View {
  readonly topics = ['freeze'] as const;
  readonly #pageState: PageState;
  readonly #bar = byId('bar', HTMLElement);
  readonly #text = byId('bar-text', HTMLElement);
  readonly #back = byId('bar-back-text', HTMLElement);

  constructor(pageState: PageState) {
    this.#pageState = pageState;
    byId('bar-back', HTMLButtonElement).addEventListener('click', () => this.back());
    // Other sticky elements stay below the bar.
    new ResizeObserver(() =>
      document.documentElement.style.setProperty('--bar', `${this.#bar.offsetHeight}px`),
    ).observe(this.#bar);
  }

  /** Goes back one step: first from a frozen entry, then from a recording. */
  back(): void {
    if (this.#pageState.frozen !== null) this.#pageState.unfreeze();
    else if (this.#pageState.isRecording) this.#pageState.backToLive();
  }

  draw(): void {
    const { frozen, isRecording, model, span } = this.#pageState;
    this.#bar.hidden = frozen === null && !isRecording;
    if (frozen !== null) {
      setText(
        this.#text,
        `Frozen at ${clockTimeMs(frozen.at)}, ${frozen.text}. The chart shows ${model.titleOf(frozen.shard)} as it was then.`,
      );
    } else if (isRecording) {
      setText(
        this.#text,
        `A recording of shardwright ${model.version}. It ends at ${new Date(model.now(0)).toLocaleString('en-GB')}.`,
      );
    }
    setText(this.#back, span !== null || (isRecording && frozen !== null) ? 'Back to the recording' : 'Back to live');
  }
}
