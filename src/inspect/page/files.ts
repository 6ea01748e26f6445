/** Recordings in and out of the page. */
import { byId, element, write } from './dom.ts';
import { stamp } from './format.ts';
import { LARGEST_BYTES, RecordingError, readRecording } from './recording.ts';
import type { Session } from './session.ts';

export class Files {
  readonly #session: Session;
  readonly #alert = byId('alert', HTMLElement);
  readonly #input = byId('log-file', HTMLInputElement);

  constructor(session: Session) {
    this.#session = session;
    byId('log-export', HTMLButtonElement).addEventListener('click', ({ timeStamp }) => this.save(timeStamp));
    byId('log-import', HTMLButtonElement).addEventListener('click', () => this.#input.click());
    this.#input.addEventListener('change', () => void this.#open());
  }

  save(pageMs: number): void {
    const { world } = this.#session;
    const at = world.now(pageMs);
    const url = URL.createObjectURL(new Blob([JSON.stringify(world.toRecording(at))], { type: 'application/json' }));
    const link = element('a');
    link.href = url;
    link.download = `shardwright-${stamp(at)}.json`;
    link.click();
    URL.revokeObjectURL(url);
  }

  async #open(): Promise<void> {
    const file = this.#input.files?.[0];
    this.#input.value = '';
    if (file === undefined) return;
    try {
      const json = file.size > LARGEST_BYTES ? ' '.repeat(LARGEST_BYTES + 1) : await file.text();
      this.#session.open(readRecording(json));
      this.say('');
    } catch (error) {
      this.say(error instanceof RecordingError ? error.message : `This file could not be read: ${String(error)}`);
    }
  }

  /** Tells of something that went wrong, until something goes right. */
  say(text: string): void {
    this.#alert.hidden = text === '';
    write(this.#alert, text);
  }
}
