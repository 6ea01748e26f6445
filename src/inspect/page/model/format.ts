/** Numbers and times as people read them, the same in every locale. The command line and the page share this file. */

/** `12,345`. */
export const formatNumber = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');

const pluralOf = (noun: string): string => `${noun}${/(?:s|ch)$/.test(noun) ? 'es' : 's'}`;

/** `1 guild`, `2 dispatches`; an irregular plural is given as `many`. */
export const formatCount = (count: number, one: string, many = pluralOf(one)): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`;

/** `0.4`, `12`, `1,204`. */
export const formatRate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : formatNumber(perSecond);

/** `0.4 ms`, `83 ms`, `2.1 s`. */
export function formatMs(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** In the two largest units: `under 1 s`, `12 s`, `4 min 12 s`, `21 h 4 min`, `3 d 2 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 1) return 'under 1 s';
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min ${seconds % 60} s`;
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const padTwo = (value: number): string => String(value).padStart(2, '0');

/** `12:03:04`, in local time. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${padTwo(date.getHours())}:${padTwo(date.getMinutes())}:${padTwo(date.getSeconds())}`;
}

/** `12:03:04.123`. */
export const clockTimeMs = (at: number): string =>
  `${clockTime(at)}.${String(Math.floor(at) % 1_000).padStart(3, '0')}`;

/** `2026-07-04-120304`, for the name of a file. */
export function fileTimestamp(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${padTwo(date.getMonth() + 1)}-${padTwo(date.getDate())}-${clockTime(at).replaceAll(':', '')}`;
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
