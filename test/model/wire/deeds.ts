/** How each event of the chart is brought about on the wire. */
import { GatewayDispatchEvents } from 'discord-api-types/v10';
import type { ShardEvent } from '../../../machines/index.ts';
import { Opcodes } from '../../../src/protocol/opcodes.ts';
import type { TimedStep } from '../../../src/testing/index.ts';
import type { ShardSnapshot } from '../shard-model.ts';
import { SILENCE_MS } from '../shard-walk.ts';
import type { WireWorld } from './wire-world.ts';

type Deed<Event> = (world: WireWorld, event: Event, before: ShardSnapshot) => unknown;
type Deeds = { [Type in ShardEvent['type']]: Deed<Extract<ShardEvent, { type: Type }>> };

/** READY as a gateway might send it unasked, for a session that it knows. */
function readyUnasked(world: WireWorld): void {
  const { sessionId, resumeUrl, sequence } = world.session();
  const d = { session_id: sessionId, resume_gateway_url: resumeUrl };
  world.connection.sendRaw(JSON.stringify({ op: Opcodes.Dispatch, t: GatewayDispatchEvents.Ready, s: sequence, d }));
}

/** More timers than a step has ever needed. */
const MOST_TIMERS = 50;

/** Runs what is due, in its order and each by itself, until the shard does something. */
function runTimers({ clock, log }: WireWorld): void {
  for (let timers = 0; log.unread === 0 && clock.next(); timers += 1) {
    if (timers === MOST_TIMERS) throw new Error(`${MOST_TIMERS} timers ran, and the shard did nothing`);
  }
}

const DISPATCH = { op: Opcodes.Dispatch, t: GatewayDispatchEvents.TypingStart, d: {} };
/** An opcode that does not exist. */
const NOTHING = { op: 99 };

const isTalkative = (snapshot: ShardSnapshot): boolean =>
  snapshot.matches({ online: { session: 'ready' } }) || snapshot.matches({ online: { heartbeat: 'overdue' } });

/** Time passes. The gateway talks meanwhile: so the shard is neither left in silence, nor done reading what came. */
async function wait(world: WireWorld, before: ShardSnapshot, at: number): Promise<void> {
  world.clock.sleep(at - world.clock.now());
  if (isTalkative(before)) await world.chat(DISPATCH);
  runTimers(world);
}

const DEEDS: Deeds = {
  'shard.connect': ({ shard }) => void shard.connect(),
  'shard.resume': (world) => void world.shard.resume(world.session()),
  'shard.reconnect': ({ shard }) => void shard.reconnect(),
  'shard.reinstantiate': ({ shard }) => void shard.reinstantiate(),
  'shard.disconnect': ({ shard }, { reason }) => void shard.disconnect({ reason }),
  'shard.forceClose': ({ shard }, { code }) => shard.forceClose(code),

  'session.loaded': (world, { session }, before) => {
    // One that is at hand is found without asking the store.
    if (before.context.session !== null) return undefined;
    return world.store.find(world.entries.restoring, session === null ? null : world.session());
  },
  'session.unavailable': ({ store, entries }) => store.fail(entries.restoring),
  'identify.granted': ({ gate, entries }) => gate.grant(entries.queued),
  'identify.refused': ({ gate, entries }) => gate.refuse(entries.queued),

  'socket.opened': ({ socket }) => socket.tell('open'),
  'socket.closed': ({ socket, connection }, { code }) => {
    if (code === 1006) connection.terminate();
    else connection.close(code);
    return socket.tell('close');
  },
  'socket.failed': ({ socket }) => {
    // A gateway that refuses has failed it already.
    if (socket.readyState === 1) socket.garble();
    return socket.tell('error');
  },
  'socket.corrupted': ({ connection }) => connection.corrupt(),
  'socket.drained': (world) => runTimers(world),
  'socket.silent': async (world) => {
    // Something comes, so that an overdue beat is still waited for; but nothing that breaks the silence.
    world.clock.sleep(SILENCE_MS);
    await world.chat(NOTHING);
    runTimers(world);
  },
  'socket.gone': ({ socket, log }) => (log.unread === 0 ? socket.tell('close') : undefined),

  'gateway.hello': ({ gateway, connection }, { heartbeatIntervalMs }) => {
    if (heartbeatIntervalMs === 0) {
      connection.sendRaw(JSON.stringify({ op: Opcodes.Hello, d: { heartbeat_interval: heartbeatIntervalMs } }));
      return;
    }
    gateway.releaseHello();
    gateway.holdHello();
  },
  'gateway.ready': (world, _, before) => {
    if (before.matches({ online: { session: { identifying: 'awaitingReady' } } })) world.connection.releaseReady();
    else readyUnasked(world);
  },
  'gateway.resumed': async ({ gateway, connection }) => {
    await connection.waitFor(Opcodes.Resume);
    gateway.releaseResumed();
    gateway.holdResumed();
  },
  'gateway.reconnect': ({ connection }) => connection.requestReconnect(),
  'gateway.invalidSession': ({ connection }, { resumable }) => connection.invalidateSession(resumable),
  'gateway.heartbeatRequest': ({ connection }) => connection.requestHeartbeat(),
  // Those held back might be several.
  'gateway.heartbeatAck': ({ connection }) => connection.sendRaw(JSON.stringify({ op: Opcodes.HeartbeatAck })),
};

/** Makes a step happen. */
export async function bringAbout(world: WireWorld, step: TimedStep<ShardEvent>, before: ShardSnapshot): Promise<void> {
  if (step.type === 'timer') await wait(world, before, step.at);
  else await (DEEDS[step.event.type] as Deed<ShardEvent>)(world, step.event, before);
}
