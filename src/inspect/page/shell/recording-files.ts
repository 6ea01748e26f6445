/** Exports the page's model as a recording, and opens such a file. */
import { byId, element, setText } from './dom.ts';
import { fileTimestamp } from '../model/format.ts';
import { MAX_RECORDING_BYTES, RecordingError, readRecording } from '../model/recording.ts';
import type { PageState } from '../model/page-state.ts';

export class RecordingFiles {
  readonly #pageState: PageState;
  readonly #alert = byId('alert', HTMLElement);
  readonly #input = byId('log-file', HTMLInputElement);

  constructor(pageState: PageState) {
    this.#pageState = pageState;
    byId('log-export', HTMLButtonElement).addEventListener('click', ({ timeStamp }) => this.exportRecording(timeStamp));
    byId('log-import', HTMLButtonElement).addEventListener('click', () => this.#input.click());
    this.#input.addEventListener('change', () => void this.#open());
  }

  exportRecording(pageMs: number): void {
    const { model } = this.#pageState;
    const at = model.now(pageMs);
    const url = URL.createObjectURL(new Blob([JSON.stringify(model.toRecording(at))], { type: 'application/json' }));
    const link = element('a');
    link.href = url;
    link.download = `shardwright-${fileTimestamp(at)}.json`;
    link.click();
    URL.revokeObjectURL(url);
  }

  async #open(): Promise<void> {
    const file = this.#input.files?.[0];
    this.#input.value = '';
    if (file === undefined) return;
    try {
      const json = file.size > MAX_RECORDING_BYTES ? ' '.repeat(MAX_RECORDING_BYTES + 1) : await file.text();
      this.#pageState.openRecording(readRecording(json));
      this.showError('');
    } catch (error) {
      this.showError(error instanceof RecordingError ? error.message : `This file could not be read: ${String(error)}`);
    }
  }

  /** Shows an error until the next file opens. An empty text hides it. */
  showError(text: string): void {
    this.#alert.hidden = text === '';
    setText(this.#alert, text);
  }
}
