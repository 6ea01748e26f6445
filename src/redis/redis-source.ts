/** Where the client of an engine comes from: a URL, or somebody who passed it. */
import { createOwnClient } from './redis-client.ts';
import type { RedisClientLike } from './redis-client.ts';
import type { RedisSource } from './redis-link.ts';

const DEFAULT_URL = 'redis://127.0.0.1:6379';

export const borrowedSource = (borrowed: RedisClientLike): RedisSource => ({
  name: 'your client',
  create: null,
  borrowed,
  redact: (text) => text,
});

/** Returns `null` if it is no URL of Redis. The URL is in no message, because it may have a password. */
export function ownSource(text: unknown, timeoutMs: number): RedisSource | null {
  const given = text ?? DEFAULT_URL;
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '') return null;
  const passwords = [url.password, decode(url.password)].filter((password) => password !== '');
  return {
    name: url.host,
    create: () => createOwnClient(url.href, timeoutMs),
    borrowed: null,
    redact: (message) => passwords.reduce((redacted, password) => redacted.replaceAll(password, '***'), message),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
