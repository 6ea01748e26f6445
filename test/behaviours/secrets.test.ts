import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import type { GatewayError } from '../../src/index.ts';
import { next, reaches } from '../kit/live-shard.ts';
import { recordEvents } from '../kit/record-events.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../kit/timing.ts';

/** Everything a thing can be printed as. */
function printed(value: unknown): string {
  const seen = new WeakSet();
  const json = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint' || typeof inner === 'function') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return '[seen]';
    seen.add(inner);
    return inner instanceof Error ? { ...inner, message: inner.message, stack: inner.stack, cause: inner.cause } : inner;
  });
  return [json, inspect(value, { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null })].join('\n');
}

describe('secrets', () => {
  test('37. a random token is in no event, error, log line, inspection message, snapshot or printed object', async () => {
    const token = randomBytes(24).toString('base64url');
    const told: string[] = [];
    const tell = (value: unknown): void => void told.push(printed(value));
    await using gateway = await FakeGateway.listen({ token, heartbeatIntervalMs: 100, identifyIntervalMs: 0 });
    const log = (line: string): void => tell(line);
    const shard = new Shard({
      token: `Bot ${token}`,
      intents: ['Guilds'],
      url: gateway.url,
      timing: QUICK,
      logger: { debug: log, info: log, warn: log, error: log },
      inspect: ({ actorRef, ...event }) => {
        tell(event);
        tell(actorRef.getSnapshot());
        tell((actorRef as { options?: unknown }).options);
      },
    });
    const events = recordEvents(shard);
    await shard.connect();
    gateway.connections[0]!.corrupt();
    await next(shard, 'resumed');
    gateway.connections[0]!.holdAcks();
    await next(shard, 'resumed');
    gateway.refuse();
    gateway.connections[0]!.terminate();
    await next(shard, 'fault');
    gateway.accept();
    await next(shard, 'resumed');
    gateway.connections[0]!.invalidateSession(false);
    await next(shard, 'ready');
    const errors = await Promise.all(
      [shard.send({ op: 2, d: {} } as never), shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0, nonce: 'x'.repeat(40) })].map((promise) =>
        promise.catch((error: unknown) => error),
      ),
    );
    gateway.connections[0]!.close(4004, 'Authentication failed.');
    await reaches(shard, 'failed');
    const wrong = new Shard({ token: `${token}-wrong`, intents: 0, url: gateway.url });
    const failure = (await wrong.connect().catch((error: unknown) => error)) as GatewayError;
    expect(failure.code).toBe('AUTHENTICATION_FAILED');
    tell([events.all, errors, failure, shard, shard.session, shard.actor.getSnapshot(), shard.actor, shard.actor.getSnapshot().context]);
    tell([wrong, wrong.actor.getSnapshot()]);
    const all = told.join('\n');
    expect(all).toContain('gateway.hello');
    expect(all).toContain('AUTHENTICATION_FAILED');
    expect(all.includes(token)).toBe(false);
    // The check can fail: what the gateway received has the token in it.
    expect(printed(gateway.history.map(({ received }) => received)).includes(token)).toBe(true);
  });
});
