/** Checks that no dispatch of a session is missing: Discord numbers them without gaps. */
import type { RecordOf } from '../format/index.ts';
import { Opcodes } from '../../protocol/opcodes.ts';

export class SequenceCheck {
  #last: number | null = null;
  /** The dispatches of which a later one arrived. */
  missing = 0;
  count = 0;
  /** RESUMEs whose RESUMED has not been read. It has a number too, and no replay repeats it if the connection is lost. */
  #unreadResumed = 0;

  addFrame({ direction, op, t, s }: RecordOf<'frame'>): void {
    if (direction === 'out' && op === Opcodes.Resume) this.#unreadResumed += 1;
    if (direction !== 'in' || op !== Opcodes.Dispatch) return;
    if (t === 'RESUMED') this.#unreadResumed = Math.max(0, this.#unreadResumed - 1);
    // A session begins with READY, and its sequence with it.
    if (t === 'READY') {
      this.#last = null;
      this.#unreadResumed = 0;
    }
    if (s !== null) this.#add(s, s, 1);
  }

  addDispatches({ firstS, lastS, count }: RecordOf<'dispatches'>): void {
    this.count += count;
    if (firstS !== null && lastS !== null) this.#add(firstS, lastS, count);
  }

  /** A replay may repeat what has arrived, so only what is skipped counts. */
  #add(first: number, last: number, count: number): void {
    if (this.#last !== null && first > this.#last + 1) this.#skip(first - this.#last - 1);
    if (last - first + 1 > count) this.#skip(last - first + 1 - count);
    this.#last = Math.max(this.#last ?? last, last);
  }

  #skip(count: number): void {
    const ofResumed = Math.min(count, this.#unreadResumed);
    this.#unreadResumed -= ofResumed;
    this.missing += count - ofResumed;
  }
}
