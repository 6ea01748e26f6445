/**
 * The play itself: a gateway with life in it, a shard that is connected to it, and one fault after the other. What
 * is sent is counted in steps, not in seconds, so a seed gives the same play on any machine.
 */
import { FakeGateway } from '../../testing/index.ts';
import type { FakeConnection } from '../../testing/index.ts';
import { MemoryIdentifyGate, Shard } from '../../index.ts';
import type { InspectionObserver } from '../../index.ts';
import { together } from '../inspection.ts';
import { narrate } from '../narrator.ts';
import { StatusLine } from '../status-line.ts';
import type { Stream } from '../stream.ts';
import { counted } from '../words.ts';
import { Dice } from './dice.ts';
import { endsSession } from './faults.ts';
import { Ledger } from './ledger.ts';
import type { Pace } from './pace.ts';
import { planRound, sizeOf } from './plan.ts';
import type { Slot } from './plan.ts';
import { Pump, SERIAL, serialOf } from './pump.ts';
import { Tally } from './tally.ts';
import { balanceOf, inWords } from './telling.ts';
import { watch } from './trial.ts';
import { INTENTS, World } from './world.ts';

export interface ShowOptions {
  readonly seed: number;
  readonly pace: Pace;
  readonly forever: boolean;
  readonly stream: Stream;
  readonly signal: AbortSignal;
  readonly inspect: InspectionObserver;
}

/** Far longer than anything takes here; past it something is broken. */
const PATIENCE_MS = 10_000;

/** Plays until the end, or until aborted. Everything is closed when it settles. */
export async function play({ seed, pace, forever, stream, signal, inspect }: ShowOptions): Promise<Tally> {
  const dice = new Dice(`demo/${seed}`);
  const ledger = new Ledger();
  const world = new World(dice.for('world'));
  const { heartbeatIntervalMs, identifyIntervalMs, timing } = pace;
  await using gateway = await FakeGateway.listen({ seed, heartbeatIntervalMs, identifyIntervalMs, readyGuilds: world.guilds, strict: true });
  const status = new StatusLine(stream);
  const shard = new Shard({
    token: 'fake-token',
    intents: INTENTS,
    url: gateway.url,
    identifyGate: new MemoryIdentifyGate({ spacingMs: identifyIntervalMs }),
    timing,
    random: dice.for('shard').roll,
    inspect: together(status.inspect, inspect),
  });
  const tally = new Tally(ledger, gateway);
  const stopTelling = narrate(shard, stream, { rateEveryMs: pace.rateEveryMs });
  shard
    .on('ready', () => tally.sessionStarted())
    .on('resumed', ({ replayed }) => tally.resumed(replayed))
    .on('dispatch', ({ d }) => {
      const serial = serialOf(d);
      if (serial !== null) ledger.receive(serial);
    });

  status.start();
  stream.tell('note', `a gateway listens on ${gateway.url} and knows ${counted(world.guilds.length, 'guild')}`);
  try {
    await shard.connect({ signal });
    const pump = new Pump({
      world,
      everyMs: pace.burstEveryMs,
      signal,
      send: ({ t, d }) => gateway.dispatch(t, { ...d, [SERIAL]: ledger.issue() }),
    });
    const plot = dice.for('plot');
    const rounds = forever ? Infinity : 1;
    for (let round = 1; round <= rounds; round += 1) {
      const slots = planRound(plot, pace);
      for (const [index, slot] of slots.entries()) {
        const place = `${forever ? `${round}.` : ''}${index + 1}/${slots.length}`;
        await playSlot(slot, place, { shard, gateway, ledger, pump, tally, stream, signal });
        signal.throwIfAborted();
      }
    }
    await ledger.caughtUp(PATIENCE_MS, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stream.paragraph();
    const kept = shard.session === null ? 'there is no session now' : 'the session is kept';
    stream.tell('note', `${signal.aborted ? 'interrupted' : 'the end'}: closing, ${kept}`);
    await shard.disconnect();
    tally.freeze(signal.aborted);
    stopTelling();
    status.stop();
  }
  return tally;
}

interface Cast {
  readonly shard: Shard;
  readonly gateway: FakeGateway;
  readonly ledger: Ledger;
  readonly pump: Pump;
  readonly tally: Tally;
  readonly stream: Stream;
  readonly signal: AbortSignal;
}

async function playSlot(slot: Slot, place: string, { shard, gateway, ledger, pump, tally, stream, signal }: Cast): Promise<void> {
  const { fault } = slot;
  await pump.send(slot.before);
  // What is under way when a session is ended is lost by definition: it has to arrive before.
  if (endsSession(fault)) await ledger.caughtUp(PATIENCE_MS, signal);
  const connection = await liveConnection(shard, gateway, signal);
  if (signal.aborted || connection === null) return;

  const stage = { gateway, connection };
  stream.paragraph();
  stream.tell('gateway', `${place} ${fault.name}: the gateway ${fault.announced}`);
  const flawsBefore = ledger.flaws;
  const recovering = watch(shard, fault, PATIENCE_MS, signal);
  fault.inject(stage);
  const telling = recovering.then(async (recovery) => {
    if (fault.relent?.when === 'recovered') fault.relent.act(stage);
    const arrived = await ledger.caughtUp(PATIENCE_MS, signal);
    const survived = arrived && recovery.outcome === fault.expected && ledger.flaws === flawsBefore;
    if (!signal.aborted) stream.tell(survived ? 'survived' : 'failed', inWords(recovery, balanceOf(ledger, flawsBefore, arrived)));
    return recovery;
  });
  // Without a session there is nobody to send to.
  if (endsSession(fault)) await telling;
  await pump.send(slot.during);
  if (fault.relent?.when === 'later') fault.relent.act(stage);
  await pump.send(slot.after);
  const recovery = await telling;
  if (!signal.aborted) tally.add(recovery, sizeOf(slot));
}

/** The connection the session is on, once the shard is ready; `null` when aborted before. */
async function liveConnection(shard: Shard, gateway: FakeGateway, signal: AbortSignal): Promise<FakeConnection | null> {
  if (shard.state !== 'ready') await shard.connect({ signal }).catch(() => undefined);
  return gateway.connections.findLast(({ sessionId }) => sessionId === shard.session?.sessionId) ?? null;
}
