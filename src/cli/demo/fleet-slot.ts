/** One fault of the play for many: which shards it hits, what comes of it, and the telling of both. */
import type { ShardHandle, ShardManager } from '../../index.ts';
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';
import type { Stream } from '../stream.ts';
import { counted, duration } from '../words.ts';
import type { Balance } from './balance.ts';
import type { Dice } from './dice.ts';
import { endsSession } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Ledger } from './ledger.ts';
import { sizeOf } from './plan.ts';
import type { Slot } from './plan.ts';
import type { Pump } from './pump.ts';
import type { Tally } from './tally.ts';
import { balanceOf } from './telling.ts';
import { watch } from './trial.ts';
import type { Recovery } from './trial.ts';

export interface FleetCast {
  readonly manager: ShardManager;
  readonly gateway: FakeGateway;
  /** By shard id. */
  readonly ledgers: readonly Ledger[];
  /** Their sum. */
  readonly books: Balance;
  readonly pump: Pump;
  readonly tally: Tally;
  readonly stream: Stream;
  readonly signal: AbortSignal;
  readonly dice: Dice;
  readonly patienceMs: number;
}

/** One shard, a handful, or a quarter of them, but no more than a row of the grid. */
const SIZES: readonly ((shards: number) => number)[] = [() => 1, () => 4, (shards) => Math.ceil(shards / 4)];
const MOST_HIT = 24;

const chosen = (dice: Dice, shards: number): number[] => {
  const count = Math.min(shards, MOST_HIT, dice.pick(SIZES)(shards));
  return dice.shuffled(Array.from({ length: shards }, (_, id) => id)).slice(0, count).toSorted((a, b) => a - b);
};

/** `shard 3`, `shards 3, 9, 12 and 40`, `16 shards`. */
function named(ids: readonly number[]): string {
  if (ids.length === 1) return `shard ${ids[0]}`;
  return ids.length > 4 ? `${ids.length} shards` : `shards ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

const connectionOf = (gateway: FakeGateway, { session }: ShardHandle): FakeConnection | undefined =>
  gateway.connections.findLast(({ sessionId }) => sessionId === session?.sessionId);

export async function playFleetSlot(slot: Slot, place: string, cast: FleetCast): Promise<void> {
  const { manager, gateway, ledgers, books, pump, tally, stream, signal, dice, patienceMs } = cast;
  const { fault } = slot;
  await pump.send(slot.before);
  const ids = chosen(dice, ledgers.length);
  // What is under way when a session is ended is lost by definition: it has to arrive before.
  if (endsSession(fault)) await Promise.all(ids.flatMap((id) => ledgers[id] ?? []).map((ledger) => ledger.caughtUp(patienceMs, signal)));
  const hits = ids.flatMap((id) => {
    const handle = manager.shards.get(id);
    const connection = handle === undefined ? undefined : connectionOf(gateway, handle);
    return handle === undefined || connection === undefined ? [] : [{ handle, stage: { gateway, connection } }];
  });
  if (signal.aborted) return;

  stream.paragraph();
  stream.tell('gateway', `${place} ${fault.name}: the gateway ${fault.announced} (${named(ids)})`);
  const flawsBefore = books.flaws;
  const recovering = hits.map(({ handle }) => watch(handle, fault, patienceMs, signal));
  for (const { stage } of hits) fault.inject(stage);
  const relent = (when: 'later' | 'recovered'): void => {
    if (fault.relent?.when === when) for (const { stage } of hits) fault.relent.act(stage);
  };
  const telling = Promise.all(recovering).then(async (recoveries) => {
    relent('recovered');
    const arrived = (await Promise.all(ledgers.map((ledger) => ledger.caughtUp(patienceMs, signal)))).every(Boolean);
    const survived = arrived && recoveries.every(({ outcome }) => outcome === fault.expected) && books.flaws === flawsBefore;
    if (!signal.aborted) stream.tell(survived ? 'survived' : 'failed', inWords(fault, recoveries, balanceOf(books, flawsBefore, arrived)));
    return recoveries;
  });
  // Without a session there is nobody to send to.
  if (endsSession(fault)) await telling;
  await pump.send(slot.during);
  relent('later');
  await pump.send(slot.after);
  const recoveries = await telling;
  if (signal.aborted) return;
  for (const [index, recovery] of recoveries.entries()) tally.add(recovery, index === 0 ? sizeOf(slot) : 0);
}

function inWords(fault: Fault, recoveries: readonly Recovery[], balance: string): string {
  const slowest = (figure: 'noticedMs' | 'backMs'): string => duration(Math.max(...recoveries.map((recovery) => recovery[figure])));
  const back = recoveries.filter(({ outcome }) => outcome === fault.expected).length;
  const how = fault.expected === 'resumed' ? 'resumed' : 'began new sessions';
  const replayed = recoveries.reduce((sum, recovery) => sum + recovery.replayed, 0);
  return [
    `the gateway ${fault.told}; noticed after ${slowest('noticedMs')}`,
    `${back} of ${counted(recoveries.length, 'shard')} ${how} within ${slowest('backMs')}`,
    ...(replayed > 0 ? [`${counted(replayed, 'dispatch')} replayed`] : []),
    balance,
  ].join(', ');
}
