/** What of a dispatch a page is shown: what the user's function leaves of it, if that is JSON and not too long. */
import type { Dispatch } from '../protocol/packets.ts';

/** More than a person reads. */
const MOST_CHARACTERS = 16_384;

/** Never throws: the shard that calls must not be disturbed by a function of the user's. */
export function shownPayload(dispatch: Dispatch, redact: (dispatch: Dispatch) => unknown): unknown {
  try {
    const text = JSON.stringify(redact(dispatch)) ?? 'null';
    return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : (JSON.parse(text) as unknown);
  } catch {
    return '[not shown: redact threw, or gave back what is not JSON]';
  }
}
