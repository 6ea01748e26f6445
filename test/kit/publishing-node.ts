/** A publisher on a memory engine and in virtual time, with a seat whose manager only records what is asked of it. */
import { MemoryLine } from '../../src/cluster/memory/memory-line.ts';
import { MemoryServer } from '../../src/cluster/memory/memory-server.ts';
import { HeldShard } from '../../src/cluster/node/held-shard.ts';
import { createPublisher } from '../../src/cluster/node/publisher.ts';
import type { ResolvedPublish } from '../../src/cluster/node/publish-options.ts';
import type { NodeSeat } from '../../src/cluster/node/session-recorder.ts';
import type { LoggedDispatch } from '../../src/cluster/ports/dispatch-log.ts';
import type { GatewayError } from '../../src/index.ts';
import type { Session } from '../../src/session/session.ts';
import { BufferBudget } from '../../src/shard/buffer-budget.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { madeDispatch } from './made-dispatch.ts';

const TTL_MS = 9_000;
const NODE = { name: 'node', instance: 'node' };
const READER = { name: 'reader', instance: 'reader' };

export const session = (sequence = 0, sessionId = 'session'): Session => ({
  sessionId,
  resumeUrl: 'wss://resume.test',
  sequence,
  shardId: 0,
  shardCount: 1,
});

export async function publishingNode({
  events = null,
  stored = null,
}: { events?: ReadonlySet<string> | null; stored?: Session | null } = {}) {
  const clock = new VirtualClock();
  const server = new MemoryServer({ leaseTtlMs: TTL_MS, clock });
  const line = new MemoryLine(server);
  const connection = await line.open({ report: () => undefined });
  const reading = await new MemoryLine(server).open({ report: () => undefined });
  const ownership = connection.ownership({ kind: 'shards' });
  const group = reading.ownership({ kind: 'group', group: 'all' });
  await connection.agree({ total: 1 });
  await ownership.join(NODE);
  await clock.advanceAsync(TTL_MS);
  const lease = (await ownership.claim(0, NODE))!;
  const bounds = { maxLength: 10_000, maxAgeMs: 3_600_000 };
  if (stored !== null) await connection.journal.open(lease, stored, [], bounds);
  const held = new HeldShard(lease, stored);
  const faults: GatewayError[] = [];
  const rewinds: number[] = [];
  const fenced: HeldShard[] = [];
  const budget = new BufferBudget(1_000_000, { onTightChange: () => undefined, onRoom: () => undefined });
  const publish: ResolvedPublish = { events, bounds };
  const seat: NodeSeat = {
    host: {
      clock,
      budget,
      reportFault: (error: GatewayError) => faults.push(error),
      rewindShard: (_: number, sequence: number) => rewinds.push(sequence),
    } as unknown as NodeSeat['host'],
    connection,
    member: NODE,
    leaseTtlMs: TTL_MS,
    held: new Map([[0, held]]),
    onFenced: (each) => void fenced.push(each),
    restore: async (each) => {
      publisher.beforeRestore(each);
      await ownership.restore(each.lease, each.stored);
    },
  };
  const publisher = createPublisher(seat, publish);
  const renew = (): void => {
    ownership.renew(NODE, [lease], { isDraining: false }).catch(() => undefined);
    clock.setTimeout(renew, TTL_MS / 3);
  };
  renew();
  return {
    clock,
    server,
    line,
    connection,
    held,
    faults,
    rewinds,
    fenced,
    budget,
    publisher,
    seat,
    /** Takes a dispatch, as the manager passes it on. */
    push(t: string, s: number, d: object = {}, of = session()): void {
      publisher.push(held, of, madeDispatch(t, s, d, Buffer.from(JSON.stringify({ t, s, op: 0, d }))));
    },
    /** What is in the stream now. */
    async stream(): Promise<readonly LoggedDispatch[]> {
      await reading.log.createGroup('all', 'start');
      await group.join(READER);
      await clock.advanceAsync(TTL_MS);
      const reader = (await group.claim(0, READER))!;
      const { dispatches } = await reading.log.read(reader, 10_000);
      return dispatches;
    },
    stored: () => connection.journal.load(lease),
  };
}

/** A dispatch of a stream as `NAME SEQUENCE`. */
export const nameOf = ({ t, sequence }: LoggedDispatch): string => `${t} ${sequence}`;
