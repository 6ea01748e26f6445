import { createClient } from 'redis';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { redisEngine } from '../../src/redis/index.ts';
import type { RedisEngineOptions } from '../../src/redis/index.ts';

const errorOf = (options: unknown): GatewayError => {
  try {
    redisEngine(options as RedisEngineOptions);
  } catch (error) {
    if (error instanceof GatewayError) return error;
  }
  throw new Error('the options were accepted');
};

describe('redisEngine()', () => {
  test.each([
    [undefined, 'the options must be an object'],
    [{}, 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ app: '' }, 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ app: 'two words' }, 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ app: '{bot}' }, 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ app: 'a'.repeat(65) }, 'app must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
    [{ app: 'bot', partitions: 0 }, 'partitions must be an integer from 1 to 1024'],
    [{ app: 'bot', partitions: 1.5 }, 'partitions must be an integer from 1 to 1024'],
    [{ app: 'bot', partitions: 1_025 }, 'partitions must be an integer from 1 to 1024'],
    [{ app: 'bot', leaseTtlMs: 299 }, 'leaseTtlMs must be 300 ms or more'],
    [{ app: 'bot', leaseTtlMs: '12000' }, 'leaseTtlMs must be 300 ms or more'],
    [{ app: 'bot', url: 'localhost:6379' }, 'url must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379'],
    [{ app: 'bot', url: 'https://redis' }, 'url must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379'],
    [{ app: 'bot', url: 7 }, 'url must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379'],
    [{ app: 'bot', client: {} }, 'client must be a client of the package redis'],
    [{ app: 'bot', client: createClient(), url: 'redis://127.0.0.1' }, 'pass url or client, not both'],
  ])('refuses %o', (options, message) => {
    const { code, message: found } = errorOf(options);
    expect({ code, found }).toEqual({ code: 'INVALID_OPTIONS', found: `redisEngine(): ${message}` });
  });

  test('does not quote a URL, which may have a password', () => {
    const { message, cause } = errorOf({ app: 'bot', url: 'redis://user:secret@[' });
    expect(message).not.toContain('secret');
    expect(cause).toBeUndefined();
  });

  test('opens nothing before open()', () => {
    const { kind, leaseTtlMs } = redisEngine({ app: 'bot', url: 'redis://127.0.0.1:1' });
    expect({ kind, leaseTtlMs }).toEqual({ kind: 'redis', leaseTtlMs: 12_000 });
  });
});
