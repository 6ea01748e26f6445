/** Most bots have no SOCKS5 proxy, so the package for it is not loaded before one is used. */
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { liveShard } from '../kit/live-shard.ts';
import { httpProxy, socksProxy } from '../kit/proxies.ts';

const isLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => /[\\/]node_modules[\\/]socks[\\/]/.test(path));

describe('the package for SOCKS5', () => {
  test('is loaded by the first connection through such a proxy, and not by another', async () => {
    for (const [scheme, start, expected] of [
      ['http', () => httpProxy(), false],
      ['socks5', () => socksProxy(), true],
    ] as const) {
      await using proxy = await start();
      await using kit = await liveShard({ proxy: `${scheme}://${proxy.host}` });
      await kit.shard.connect();
      expect(isLoaded()).toBe(expected);
    }
  });
});
