/**
 * A close frame has room for 123 bytes of reason.
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.5
 */
const MAX_CLOSE_REASON_BYTES = 123;

/** Returns the longest part of a reason that fits, cut between two characters. */
export function cutCloseReason(reason: string): string {
  // A half of a surrogate pair can't be written in UTF-8.
  const text = reason.toWellFormed();
  if (Buffer.byteLength(text) <= MAX_CLOSE_REASON_BYTES) return text;
  let cut = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_CLOSE_REASON_BYTES) break;
    cut += character;
  }
  return cut;
}
