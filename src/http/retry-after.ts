/** Reads the header Retry-After. */
import { isDuration } from '../protocol/validation.ts';

/**
 * Returns how long a server asks to wait, in ms; `null` if it does not say so. The header is a number of seconds or a
 * date. A date is compared with the clock of the server, because that of this machine may be wrong.
 */
export function parseRetryAfter(
  header: string | null | undefined,
  serverDate: string | null | undefined,
): number | null {
  const text = header ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.parse(serverDate ?? '');
  return isDuration(ms) ? ms : null;
}
