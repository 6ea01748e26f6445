import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/index.ts';
import type { RedisClientLike } from '../../src/redis/redis-client.ts';
import { RedisLink } from '../../src/redis/redis-link.ts';

/** A client that does what node-redis does: `destroy()` ends an open socket, but not one that is being opened. */
function openingClient() {
  const opened = Promise.withResolvers<void>();
  let isOpen = false;
  const client: RedisClientLike = {
    connect: async () => {
      await opened.promise;
      isOpen = true;
    },
    destroy: () => void (isOpen = false),
    duplicate: () => client,
    withTypeMapping: () => client,
    on: () => client,
    eval: () => Promise.reject(new Error('not used')),
    evalSha: () => Promise.reject(new Error('not used')),
    sSubscribe: () => Promise.resolve(),
    sUnsubscribe: () => Promise.resolve(),
  };
  return { client, open: opened.resolve, isOpen: () => isOpen };
}

describe('RedisLink', () => {
  test.each(['connect', 'connectClient'] as const)(
    'leaves no socket behind when it is closed while %s() opens one',
    async (method) => {
      const { client, open, isOpen } = openingClient();
      const source = {
        name: 'test',
        create: () => Promise.resolve(client),
        borrowed: null,
        redact: (text: string) => text,
      };
      const link = new RedisLink({ source, clock: systemClock, timeoutMs: 60_000, report: () => undefined });
      const connecting = method === 'connect' ? link.connect() : link.connectClient(client);
      await Promise.resolve();
      link.close();
      await expect(connecting).rejects.toThrow('the connection was closed');
      open();
      await new Promise((resolve) => setImmediate(resolve));
      expect(isOpen()).toBe(false);
    },
  );
});
