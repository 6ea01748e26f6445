/** What of a dispatch a page is shown: what the user's function leaves of it, if that is JSON and not too long. */
import type { Dispatch } from '../protocol/packets.ts';

/** More than a person reads. */
const MAX_CHARACTERS = 16_384;

/** Never throws: the shard that calls must not be disturbed by a function of the user's. */
export function payloadPreview(dispatch: Dispatch, redact: (dispatch: Dispatch) => unknown): unknown {
  try {
    const text = JSON.stringify(redact(dispatch)) ?? 'null';
    return text.length > MAX_CHARACTERS
      ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`
      : (JSON.parse(text) as unknown);
  } catch {
    return '[not shown: redact threw, or gave back what is not JSON]';
  }
}
