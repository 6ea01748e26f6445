/**
 * Tests that every third-party gateway client must pass against FakeGateway. Those clients were written against Discord,
 * so where they work with the fake gateway, it behaves as Discord does.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { FakeGateway } from '../../src/testing/index.ts';
import type { FakeConnection, OracleRule } from '../../src/testing/index.ts';

export const TOKEN = 'peers-test';

/** A client that is stuck takes this long in each test, so it is short. */
const TIMEOUT_MS = 20_000;

/** A client, reduced to what all clients have. */
export interface Peer {
  /** Resolves when the client says that it is ready. */
  start(): Promise<void>;
  stop(): PromiseLike<void> | void;
}

export interface PeerOptions {
  readonly gateway: FakeGateway;
  readonly compress: boolean;
  /** Called by the client with each dispatch it receives. */
  readonly onDispatch: (t: string, d: unknown) => void;
}

/** Records the dispatches that a client receives, in order; test dispatches carry a number. */
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

  waitFor(dispatch: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(dispatch, resolve));
  }
}

/** Dispatches events that every client forwards unchanged, without a look into its cache. */
function dispatchNumbered(gateway: FakeGateway, from: number, to: number): void {
  for (let n = from; n <= to; n += 1)
    gateway.dispatch('TYPING_START', { channel_id: '20', user_id: '30', timestamp: n });
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Rejects when the gateway refuses the client, which otherwise never stops trying. */
async function refusalBy(gateway: FakeGateway): Promise<never> {
  const refusals = () => gateway.stats.violations.filter(({ code }) => code !== null);
  await gateway.waitUntil(() => refusals().length > 0);
  throw new Error(`The gateway refused the client: ${refusals()[0]!.what}`);
}

/** What a client is known to do differently from the documentation. */
export interface KnownDeviations {
  /** Violations that FakeGateway reports, by their text. */
  readonly faults?: readonly string[];
  /** Rules of the oracle that the client breaks, each with the reason. */
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
  ] as const)(`${name}, compression $transport`, { timeout: TIMEOUT_MS }, ({ transport, compress }) => {
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
      await Promise.race([peer.start(), refusalBy(gateway)]);
      const connection = await gateway.waitForConnection(({ sessionId }) => sessionId !== null);
      return { gateway, recording, connection };
    }

    test('identifies, becomes ready and receives every dispatch', async () => {
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

    test('keeps the connection alive with heartbeats', async () => {
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
    ])('resumes without losing a dispatch when %s', async (_title, fault) => {
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

  test(`${name} breaks exactly the rules of the oracle that it is known to break`, () => {
    expect([...seen].toSorted()).toEqual(Object.keys(broken).toSorted());
  });
}
