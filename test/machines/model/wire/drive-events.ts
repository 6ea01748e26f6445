/** Brings about each event of the chart on the wire. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewayDispatchEvents } from 'discord-api-types/v10';
import type { ShardEvent } from '../../../../machines/index.ts';
import { Opcodes } from '../../../../src/protocol/opcodes.ts';
import { shardControlOf } from '../../../../src/shard/shard-control.ts';
import type { TimedStep } from '../../../../src/testing/index.ts';
import type { ShardSnapshot } from '../shard-model.ts';
import { SILENCE_MS } from '../shard-walk.ts';
import type { WireHarness } from './wire-harness.ts';

type EventDriver<Event> = (harness: WireHarness, event: Event, before: ShardSnapshot) => unknown;
type EventDrivers = { [Type in ShardEvent['type']]: EventDriver<Extract<ShardEvent, { type: Type }>> };

/** Sends READY without an IDENTIFY, for a session that the gateway knows; that of the shard, if the shard is ready. */
function sendUnrequestedReady(harness: WireHarness, before: ShardSnapshot): void {
  const current = before.matches({ online: { session: 'ready' } }) ? harness.shard.session : null;
  const { sessionId, resumeUrl, sequence } = current ?? harness.session();
  const d = { session_id: sessionId, resume_gateway_url: resumeUrl };
  harness.connection.sendRaw(JSON.stringify({ op: Opcodes.Dispatch, t: GatewayDispatchEvents.Ready, s: sequence, d }));
}

/** A step needs fewer timers than this. */
const MAX_TIMERS = 50;

/** Runs one due timer after the other, until the shard takes a step. */
function runTimers({ clock, log }: WireHarness): void {
  for (let timers = 0; log.unread === 0 && clock.next(); timers += 1) {
    if (timers === MAX_TIMERS) throw new Error(`${MAX_TIMERS} timers ran, and the shard did nothing`);
  }
}

const DISPATCH = { op: Opcodes.Dispatch, t: GatewayDispatchEvents.TypingStart, d: {} };
/** An opcode that does not exist. */
const UNKNOWN_PACKET = { op: 99 };

/** What the gateway sends while time passes: a dispatch would be a replay before RESUMED. */
const trafficIn = (snapshot: ShardSnapshot): typeof DISPATCH | typeof UNKNOWN_PACKET | null => {
  if (snapshot.matches({ online: { session: 'ready' } })) return DISPATCH;
  return snapshot.matches({ online: { heartbeat: 'overdue' } }) ? UNKNOWN_PACKET : null;
};

/** Lets time pass while the gateway sends, so that neither the dispatch timeout nor `readsFlushed` comes first. */
async function wait(harness: WireHarness, before: ShardSnapshot, at: number): Promise<void> {
  harness.clock.sleep(at - harness.clock.now());
  const traffic = trafficIn(before);
  if (traffic !== null) await harness.receivePacket(traffic);
  runTimers(harness);
}

const EVENT_DRIVERS: EventDrivers = {
  'shard.connect': ({ shard }) => void shard.connect(),
  'shard.connectWith': async ({ shard, store }) => {
    // While a session is being cleared, the shard asks the store.
    await nextTurn();
    store.whileEmpty(() => void shard.connect());
  },
  'shard.resume': (harness) => void harness.shard.resume(harness.session()),
  'shard.reconnect': ({ shard }) => void shard.reconnect(),
  'shard.reinstantiate': ({ shard }) => void shard.reinstantiate(),
  'shard.disconnect': ({ shard }, { reason }) => void shard.disconnect({ reason }),
  'shard.forceClose': ({ shard }, { code }) => shard.forceClose(code),

  'session.loaded': (harness, { session }, before) => {
    // The shard uses its own session without loading one from the store.
    if (before.context.session !== null) return undefined;
    return harness.store.find(harness.entries.restoring, session === null ? null : harness.session());
  },
  'session.unavailable': ({ store, entries }) => store.fail(entries.restoring),
  'session.inUse': ({ store, entries }) => store.refuse(entries.restoring),
  'snapshot.delivered': ({ store, entries }) => store.findSnapshot(entries.warmingUp),
  'snapshot.failed': ({ store, entries }) => store.failSnapshot(entries.warmingUp),
  'identify.granted': ({ gate, entries }) => gate.grant(entries.queued),
  'identify.refused': ({ gate, entries }) => gate.refuse(entries.queued),

  'consumer.bufferFull': ({ shard }) => shardControlOf(shard).backPressure.setFull('bufferFull'),
  'consumer.room': ({ shard }) => {
    shardControlOf(shard).backPressure.setFull(null);
    // A shard that left just now would wait a moment for its socket to close.
    if (shard.state === 'reconnecting') shard.actor.send({ type: 'consumer.room' });
  },

  'socket.opened': ({ socket }) => socket.deliver('open'),
  'socket.closed': ({ socket, connection }, { code }) => {
    if (code === 1006) connection.terminate();
    else connection.close(code);
    return socket.deliver('close');
  },
  'socket.failed': ({ socket }) => {
    // A gateway that refuses has failed the socket already.
    if (socket.readyState === 1) socket.receiveInvalidFrame();
    return socket.deliver('error');
  },
  'socket.decodeFailed': ({ connection }) => connection.corrupt(),
  'socket.readsFlushed': (harness) => runTimers(harness),
  'socket.dispatchTimeout': async (harness) => {
    // A packet keeps an overdue heartbeat waiting, and an unknown opcode is no dispatch.
    harness.clock.sleep(SILENCE_MS);
    await harness.receivePacket(UNKNOWN_PACKET);
    runTimers(harness);
  },
  'socket.closeCompleted': ({ socket, log }, { code }) =>
    log.unread === 0 ? socket.deliver('close', code === undefined ? null : [code, Buffer.alloc(0)]) : undefined,

  'gateway.hello': ({ gateway, connection }, { heartbeatIntervalMs }) => {
    if (heartbeatIntervalMs === 0) {
      connection.sendRaw(JSON.stringify({ op: Opcodes.Hello, d: { heartbeat_interval: heartbeatIntervalMs } }));
      return;
    }
    gateway.releaseHello();
    gateway.holdHello();
  },
  'gateway.ready': (harness, _, before) => {
    if (before.matches({ online: { session: { identifying: 'awaitingReady' } } })) harness.connection.releaseReady();
    else sendUnrequestedReady(harness, before);
  },
  'gateway.replayStarted': async (harness) => {
    await harness.connection.waitFor(Opcodes.Resume);
    await harness.receivePacket(DISPATCH);
  },
  'gateway.resumed': async ({ gateway, connection }) => {
    await connection.waitFor(Opcodes.Resume);
    gateway.releaseResumed();
    gateway.holdResumed();
  },
  'gateway.reconnect': ({ connection }) => connection.requestReconnect(),
  'gateway.invalidSession': ({ connection }, { resumable }) => connection.invalidateSession(resumable),
  'gateway.heartbeatRequest': ({ connection }) => connection.requestHeartbeat(),
  // The gateway may hold several ACKs, so releasing them would send too many.
  'gateway.heartbeatAck': ({ connection }) => connection.sendRaw(JSON.stringify({ op: Opcodes.HeartbeatAck })),
};

/** Brings about one step of a path. */
export async function driveStep(
  harness: WireHarness,
  step: TimedStep<ShardEvent>,
  before: ShardSnapshot,
): Promise<void> {
  if (step.type === 'timer') await wait(harness, before, step.at);
  else await (EVENT_DRIVERS[step.event.type] as EventDriver<ShardEvent>)(harness, step.event, before);
}
