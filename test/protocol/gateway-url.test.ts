/** The URL of a connection: the required query, added to the one that the URL has. */
import { describe, expect, test } from 'vitest';
import {
  type Compression,
  gatewayUrl,
  isWebSocketUrl,
  withoutTrailingSlashes,
} from '../../src/protocol/gateway-url.ts';

describe('gatewayUrl()', () => {
  test.each<[Compression, string]>([
    ['none', 'wss://gateway.discord.gg/?v=10&encoding=json'],
    ['payload', 'wss://gateway.discord.gg/?v=10&encoding=json'],
    ['zlib-stream', 'wss://gateway.discord.gg/?v=10&encoding=json&compress=zlib-stream'],
    ['zstd-stream', 'wss://gateway.discord.gg/?v=10&encoding=json&compress=zstd-stream'],
  ])('requests the compression %s', (compression, url) => {
    expect(gatewayUrl('wss://gateway.discord.gg', 10, compression).href).toBe(url);
  });

  test("keeps the URL's own port, path and query", () => {
    expect(gatewayUrl('ws://127.0.0.1:8080/proxy/a?region=eu&k=1%202', 10, 'none').href).toBe(
      'ws://127.0.0.1:8080/proxy/a?region=eu&k=1+2&v=10&encoding=json',
    );
  });

  test('replaces a version, an encoding and a compression that the URL already has', () => {
    expect(gatewayUrl('wss://g.example/?v=6&encoding=etf&compress=zlib-stream', 10, 'zstd-stream').href).toBe(
      'wss://g.example/?v=10&encoding=json&compress=zstd-stream',
    );
  });

  test('returns the same URL for its own result', () => {
    const once = gatewayUrl('wss://g.example/?a=b', 10, 'zlib-stream').href;
    expect(gatewayUrl(once, 10, 'zlib-stream').href).toBe(once);
  });
});

describe('isWebSocketUrl()', () => {
  test.each([
    ['wss://gateway.discord.gg', true],
    ['ws://127.0.0.1:1/x?y', true],
    ['WSS://HOST', true],
    ['https://discord.com', false],
    ['gateway.discord.gg', false],
    ['', false],
    [undefined, false],
    [new URL('wss://host'), false],
  ])('returns for %o: %o', (url, expected) => {
    expect(isWebSocketUrl(url)).toBe(expected);
  });
});

describe('withoutTrailingSlashes()', () => {
  test.each([
    ['https://discord.com/api/v10//', 'https://discord.com/api/v10'],
    ['https://discord.com/a//b', 'https://discord.com/a//b'],
    ['//', ''],
  ])('makes %j %j', (url, expected) => {
    expect(withoutTrailingSlashes(url)).toBe(expected);
  });

  test('takes no longer for many slashes that are not at the end', () => {
    const url = `https://discord.com/${'/'.repeat(500_000)}x`;
    const startedAt = performance.now();
    expect(withoutTrailingSlashes(url)).toBe(url);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
