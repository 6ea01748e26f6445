/** Payloads that the gateway refuses. They look like any other, and carry the close code in a text. */

/** @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
export const REFUSAL_CODES = [4001, 4002] as const;

/** @param id - makes the text unique */
export const refusedText = (code: number, id: number): string => `refused-${code}-${id}`;

const PATTERN = /refused-(\d{4})-\d+/;

/** Returns the text in a frame that the gateway refuses, and the close code; `null` for other frames. */
export function refusalOf(frame: string): { readonly text: string; readonly code: number } | null {
  const match = PATTERN.exec(frame);
  return match === null ? null : { text: match[0], code: Number(match[1]) };
}
