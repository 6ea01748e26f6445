import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import type { GatewayError } from '../../src/index.ts';
import { nextEvent, reaches } from '../kit/live-shard.ts';
import { recordEvents } from '../kit/record-events.ts';
import { FakeGateway } from '../../src/testing/index.ts';
import { QUICK } from '../kit/timing.ts';

/** Everything that a value can be printed as. */
function printed(value: unknown, depth = 6): string {
  const seen = new WeakSet();
  const json = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint' || typeof inner === 'function') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return '[seen]';
    seen.add(inner);
    return inner instanceof Error
      ? Object.fromEntries(Object.getOwnPropertyNames(inner).map((name) => [name, Reflect.get(inner, name)]))
      : inner;
  });
  return [json, inspect(value, { depth, showHidden: true, maxStringLength: null, maxArrayLength: null })].join('\n');
}

describe('Shard: secrets', () => {
  test(
    '37. the token is in no event, error, log line, inspection message, snapshot or printed object',
    { timeout: 60_000 },
    async () => {
      const token = randomBytes(24).toString('base64url');
      const prints: string[] = [];
      const print = (value: unknown, depth?: number): void => void prints.push(printed(value, depth));
      await using gateway = await FakeGateway.listen({ token, heartbeatIntervalMs: 1_000, identifyIntervalMs: 0 });
      const log = (line: string): void => print(line);
      const shard = new Shard({
        token: `Bot ${token}`,
        intents: ['Guilds'],
        url: gateway.url,
        timing: QUICK,
        identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 }),
        logger: { debug: log, info: log, warn: log, error: log },
        inspect: (event) => {
          // Actors print as their ids. Their contents and those of the machine are checked below.
          if (event.type === '@xstate.actor') print((event.actorRef as { options?: unknown }).options, 3);
          if (event.type === '@xstate.event' || event.type === '@xstate.snapshot') print(event.event);
          if (event.type === '@xstate.snapshot')
            print({ ...event.snapshot, machine: null, children: null, _nodes: null });
          if (event.type === '@xstate.action') print(event.action);
        },
      });
      const events = recordEvents(shard);
      await shard.connect();
      gateway.connections.at(-1)!.corrupt();
      await nextEvent(shard, 'resumed');
      gateway.connections.at(-1)!.holdAcks();
      await nextEvent(shard, 'resumed');
      gateway.refuse();
      gateway.connections.at(-1)!.terminate();
      await nextEvent(shard, 'fault');
      gateway.accept();
      await nextEvent(shard, 'resumed');
      gateway.connections.at(-1)!.invalidateSession(false);
      await nextEvent(shard, 'ready');
      const errors = await Promise.all(
        [
          shard.send({ op: 2, d: {} } as never),
          shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0, nonce: 'x'.repeat(40) }),
        ].map((promise) => promise.catch((error: unknown) => error)),
      );
      gateway.connections.at(-1)!.close(4004, 'Authentication failed.');
      await reaches(shard, 'failed');
      const wrong = new Shard({ token: `${token}-wrong`, intents: 0, url: gateway.url });
      // Without a listener the failure is written to stderr too.
      wrong.on('failed', print);
      const failure = (await wrong.connect().catch((error: unknown) => error)) as GatewayError;
      expect(failure.code).toBe('AUTHENTICATION_FAILED');
      print([
        events.all,
        errors,
        failure,
        shard,
        shard.session,
        shard.actor.getSnapshot(),
        shard.actor,
        shard.actor.getSnapshot().context,
      ]);
      print([wrong, wrong.actor.getSnapshot()]);
      const all = prints.join('\n');
      expect(
        ['gateway.hello', 'AUTHENTICATION_FAILED', 'ready → zombie'].filter((text) => !all.includes(text)),
      ).toEqual([]);
      expect(events.faults).not.toContain('OBSERVER_THREW');
      expect(all.includes(token)).toBe(false);
      // Proves that the check can fail: the gateway did receive the token.
      expect(printed(gateway.history.map(({ received }) => received)).includes(token)).toBe(true);
    },
  );
});
