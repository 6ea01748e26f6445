/**
 * The play for many: a gateway with life in it, a manager whose shards are connected to it, and one fault after the
 * other, each for some of the shards. Each shard has a book of its own, so what is lost or comes twice is known exactly.
 */
import { serveStatus } from '../../inspect/index.ts';
import { MemoryIdentifyGate, ShardManager } from '../../index.ts';
import type { ManagerInspectionObserver } from '../../index.ts';
import { FakeGateway } from '../../testing/index.ts';
import { DispatchRate } from '../dispatch-rate.ts';
import { FleetLine } from '../fleet-line.ts';
import { ProgressLine } from '../progress-line.ts';
import type { Stream } from '../stream.ts';
import { counted, duration, grouped } from '../words.ts';
import { sumOf } from './balance.ts';
import { Dice } from './dice.ts';
import { playFleetSlot } from './fleet-slot.ts';
import { Ledger } from './ledger.ts';
import type { Pace } from './pace.ts';
import { planRound } from './plan.ts';
import { Pump, SERIAL, serialOf } from './pump.ts';
import { Tally } from './tally.ts';
import { INTENTS, World } from './world.ts';

export interface FleetShowOptions {
  readonly shards: number;
  readonly workers: number;
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly stream: Stream;
  readonly signal: AbortSignal;
  readonly inspect: ManagerInspectionObserver | undefined;
}

/** As a bot of this size has. */
const MAX_CONCURRENCY = 16;
const GUILDS_PER_SHARD = 4;
/** Far longer than anything takes here; past it something is broken. */
const PATIENCE_MS = 30_000;

const startsFor = (shards: number): number => Math.max(1_000, 20 * shards);

function managerFor({ shards, workers, pace, inspect }: FleetShowOptions, api: string): ShardManager {
  const { identifyIntervalMs, timing } = pace;
  const identifyGate = new MemoryIdentifyGate({ maxConcurrency: MAX_CONCURRENCY, spacingMs: identifyIntervalMs, total: startsFor(shards) });
  return new ShardManager({
    token: 'fake-token',
    intents: INTENTS,
    shards,
    api,
    identifyGate,
    timing,
    ...(inspect === undefined ? {} : { inspect }),
    ...(workers === 0 ? {} : { workers }),
  });
}

/** Plays until the end, or until aborted. Everything is closed when it settles. */
export async function playFleet(options: FleetShowOptions): Promise<Tally> {
  const { shards, workers, seed, pace, forever, stream, signal } = options;
  const dice = new Dice(`demo/${seed}/${shards}`);
  const world = new World(dice.for('world'), GUILDS_PER_SHARD * shards);
  const { heartbeatIntervalMs, identifyIntervalMs } = pace;
  const sessionStartLimit = { maxConcurrency: MAX_CONCURRENCY, total: startsFor(shards) };
  await using gateway = await FakeGateway.listen({ seed, heartbeatIntervalMs, identifyIntervalMs, readyGuilds: world.guilds, sessionStartLimit, shards, strict: true });
  const manager = managerFor(options, gateway.apiUrl);
  const ledgers = Array.from({ length: shards }, () => new Ledger());
  const books = sumOf(ledgers);
  const tally = new Tally(books, gateway);
  const rate = new DispatchRate();
  /** By code, since they were told. */
  const faults = new Map<string, number>();
  manager
    .on('ready', () => tally.sessionStarted())
    .on('resumed', ({ replayed }) => tally.resumed(replayed))
    .on('fault', ({ code }) => faults.set(code, (faults.get(code) ?? 0) + 1))
    .on('dispatch', ({ t, d }, shardId) => {
      rate.count(t);
      const serial = serialOf(d);
      if (serial !== null) ledgers[shardId]?.receive(serial);
    });
  const progress = new ProgressLine(manager, stream);
  const line = new FleetLine(manager, stream, () => books.received);
  const telling = setInterval(() => {
    const words = rate.take();
    if (words !== null) stream.tell('events', words);
    if (faults.size > 0) stream.tell('notice', [...faults].map(([code, count]) => `${code} ${grouped(count)}×`).join(', '));
    faults.clear();
  }, pace.rateEveryMs);

  const places = workers === 0 ? 'this thread' : counted(workers, 'worker thread');
  stream.tell('note', `a gateway listens on ${gateway.url} and knows ${counted(world.guilds.length, 'guild')}; ${counted(shards, 'shard')} in ${places}`);
  await using endpoint = await serveStatus(manager);
  stream.tell('note', `shardwright status --watch --url ${endpoint.url}`);
  try {
    progress.start();
    const startedAt = performance.now();
    await manager.connect({ signal });
    progress.stop();
    stream.tell('ready', `all ${counted(shards, 'shard')} ready after ${duration(performance.now() - startedAt)}, ${grouped(MAX_CONCURRENCY)} at a time`);
    line.start();
    const pump = new Pump({
      world,
      everyMs: pace.burstEveryMs,
      signal,
      send: ({ t, d }) => {
        const shardId = manager.shardIdFor(String(d['guild_id']));
        gateway.dispatch(t, { ...d, [SERIAL]: ledgers[shardId]?.issue() }, { shardId });
      },
    });
    const plot = dice.for('plot');
    const rounds = forever ? Infinity : 1;
    for (let round = 1; round <= rounds; round += 1) {
      const slots = planRound(plot, pace);
      for (const [index, slot] of slots.entries()) {
        const place = `${forever ? `${round}.` : ''}${index + 1}/${slots.length}`;
        await playFleetSlot(slot, place, { manager, gateway, ledgers, books, pump, tally, stream, signal, dice: plot, patienceMs: PATIENCE_MS });
        signal.throwIfAborted();
      }
    }
    await Promise.all(ledgers.map((ledger) => ledger.caughtUp(PATIENCE_MS, signal)));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
    stream.paragraph();
    stream.tell('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, the sessions are kept`);
    await manager.disconnect();
    tally.freeze(signal.aborted);
    clearInterval(telling);
    line.stop();
  }
  return tally;
}
