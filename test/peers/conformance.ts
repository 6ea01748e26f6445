/**
 * What a gateway client that others wrote must live through at FakeGateway. Such a client was written against
 * Discord, so where it gets on with the fake, the fake behaves as Discord does.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeConnection, OracleRule } from '../../src/testing/index.ts';

export const TOKEN = 'peers-test';

/** A client, reduced to what all of them have. */
export interface Peer {
  /** Settles when the client takes itself for ready. */
  start(): Promise<void>;
  stop(): PromiseLike<void> | void;
}

export interface PeerOptions {
  readonly gateway: FakeGateway;
  readonly compress: boolean;
  /** To be called with each dispatch the client took in. */
  readonly onDispatch: (t: string, d: unknown) => void;
}

/** Events with a number each, and what came of them, in order. */
class Recording {
  readonly numbers: number[] = [];
  readonly names: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  readonly onDispatch = (t: string, d: unknown): void => {
    this.names.push(t);
    if (t === 'TYPING_START' && typeof d === 'object' && d !== null && 'timestamp' in d)
      this.numbers.push(Number(d.timestamp));
    this.#waiting.get(t === 'TYPING_START' ? `${t} ${this.numbers.at(-1)}` : t)?.();
  };

  waitFor(what: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(what, resolve));
  }
}

/** An event every client passes on as it is, and none looks up in a cache. */
function dispatchNumbered(gateway: FakeGateway, from: number, to: number): void {
  for (let n = from; n <= to; n += 1)
    gateway.dispatch('TYPING_START', { channel_id: '20', user_id: '30', timestamp: n });
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** What a client is known to do against the documentation. */
export interface KnownDeviations {
  /** As FakeGateway words it. */
  readonly faults?: readonly string[];
  /** By the rules of the oracle, each with the reason. */
  readonly broken?: { readonly [rule in OracleRule]?: string };
}

export function describePeer(
  name: string,
  createPeer: (options: PeerOptions) => Peer,
  { faults = [], broken = {} }: KnownDeviations = {},
): void {
  const seen = new Set<OracleRule>();
  const unexpected = ({ stats }: FakeGateway): unknown[] =>
    stats.violations.filter(({ what }) => !faults.includes(what));

  describe.each([
    { transport: 'none', compress: false },
    { transport: 'zlib-stream', compress: true },
  ] as const)(`${name}, compression $transport`, ({ transport, compress }) => {
    const open: { gateway: FakeGateway; peer: Peer }[] = [];

    afterEach(async () => {
      for (const { gateway, peer } of open.splice(0)) {
        await peer.stop();
        await gateway.close();
        for (const { rule } of gateway.complaints) seen.add(rule);
      }
    });

    async function ready(options: { heartbeatIntervalMs?: number } = {}) {
      const gateway = await FakeGateway.listen({ token: TOKEN, readyGuilds: 2, strict: true, ...options });
      const recording = new Recording();
      const peer = createPeer({ gateway, compress, onDispatch: recording.onDispatch });
      open.push({ gateway, peer });
      await peer.start();
      const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
      return { gateway, recording, connection };
    }

    test('identifies, becomes ready and gets what is dispatched', async () => {
      const { gateway, recording, connection } = await ready();
      const last = recording.waitFor('TYPING_START 100');
      dispatchNumbered(gateway, 1, 100);
      await last;

      expect(recording.numbers).toEqual(upTo(100));
      expect(recording.names.slice(0, 3)).toEqual(['READY', 'GUILD_CREATE', 'GUILD_CREATE']);
      expect(connection.compression).toBe(transport);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
      expect(unexpected(gateway)).toEqual([]);
    });

    test('keeps a connection alive with its heartbeats', async () => {
      const { gateway, connection } = await ready({ heartbeatIntervalMs: 150 });
      await connection.waitFor(1, 4);

      expect(connection.isOpen).toBe(true);
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 0 });
      expect(unexpected(gateway)).toEqual([]);
    });

    test.each<[string, (connection: FakeConnection) => void]>([
      ['its connection is killed', (connection) => connection.terminate()],
      ['the gateway closes with 4000', (connection) => connection.close(4000, 'Unknown error.')],
      ['the gateway asks for a reconnect', (connection) => connection.requestReconnect()],
    ])('resumes without loss when %s', async (_title, fault) => {
      const { gateway, recording, connection } = await ready();
      const before = recording.waitFor('TYPING_START 50');
      dispatchNumbered(gateway, 1, 50);
      await before;

      const last = recording.waitFor('TYPING_START 150');
      fault(connection);
      dispatchNumbered(gateway, 51, 100);
      await gateway.waitUntil(({ stats }) => stats.resumes === 1);
      dispatchNumbered(gateway, 101, 150);
      await last;

      expect(recording.numbers).toEqual(upTo(150));
      expect(gateway.stats).toMatchObject({ identifies: 1, resumes: 1 });
      expect(unexpected(gateway)).toEqual([]);
    });
  });

  test(`${name} breaks the rules of the oracle it is known to break, and no other`, () => {
    expect([...seen].toSorted()).toEqual(Object.keys(broken).toSorted());
  });
}
