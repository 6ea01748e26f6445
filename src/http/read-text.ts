/** Reads the body of an answer, which may be endless. */

/** Resolves with the body as text. Rejects when it is longer than `maxBytes`, or cut off. */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  const { body } = response;
  // A `fetch` of the user may return less than a whole Response, for example in a test.
  if (!body) return response.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
