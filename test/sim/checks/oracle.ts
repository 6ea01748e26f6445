/** The second opinion: a model of a client's duties that was written without looking at this one. */
import { Oracle } from '../../../src/testing/oracle/oracle.ts';
import type { OracleConnection } from '../../../src/testing/oracle/oracle-connection.ts';
import type { OracleRule } from '../../../src/testing/oracle/oracle-rules.ts';
import type { Packet } from '../../../src/protocol/packets.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { Place } from '../user.ts';
import { MAIN_URL } from '../setting.ts';
import type { Check } from './check.ts';

/** How far back the frames of a connection count, with what they may be slow by on their way. */
const WINDOW_MS = 60_500;

/**
 * What a user may make a shard do, and the oracle can't know of: beat out of schedule, as resharding does, and go on with a session as it
 * was when it was taken down, or stored. What is left on the socket for a consumer that is slow is late, too.
 */
const GRANTED: Readonly<Partial<Record<OracleRule, readonly string[]>>> = {
  'heartbeat-pace': ['heartbeat', 'reshard', 'sleep'],
  'zombie-beaten': ['heartbeat', 'reshard', 'sleep'],
  'resume-session': ['resume'],
  'resume-ended': ['resume', 'restart', 'kill', 'store'],
  'resume-sequence': ['resume', 'restart', 'kill', 'store'],
};

export const oracleContent: Check = {
  rule: 'the oracle of the protocol has no complaint',
  watch(world, complain) {
    const { setting, clock, chronicle } = world;
    const wayMs = setting.latencyMs + setting.jitterMs * 5;
    const lateMs = clock.latenessMs(clock.now(), clock.now()) * 2;
    const oracle = new Oracle({
      clock,
      mainUrl: MAIN_URL,
      maxConcurrency: setting.maxConcurrency,
      remainingStarts: setting.budget.remaining,
      totalStarts: setting.budget.total,
      resetAfterMs: setting.budget.resetAfterMs,
      toleranceMs: setting.jitterMs * 5,
      lateMs: lateMs + wayMs,
      roundTripMs: wayMs * 2 + 2_000,
    });
    const connections = new Map<SimSocket, OracleConnection>();
    const drop = (socket: SimSocket): void => void connections.delete(socket);
    const sockets: SimSocket[] = [];
    const deeds = new Map<Place, Set<string>>(world.places.map((place) => [place, new Set()]));
    let judged = 0;
    const judge = (): void => {
      for (; judged < oracle.complaints.length; judged += 1) {
        const { rule, what, connection } = oracle.complaints[judged]!;
        const done = deeds.get(sockets[connection]!.life.slot);
        if (rule === 'heartbeat-answer' && stoodBack.has(sockets[connection]!)) continue;
        if (GRANTED[rule]?.some((deed) => done?.has(deed)) !== true) complain(`${rule}: ${what}, on socket ${sockets[connection]!.id}`);
      }
    };
    chronicle.on('deed', ({ life, name }) => void deeds.get(life.slot)?.add(name));
    const sent = new Map<SimSocket, number[]>();
    /** What is left to others than the beats of the schedule. */
    const room = 120 - (Math.ceil(60_000 / setting.heartbeatIntervalMs) + 1);
    /** Asked for a beat, since the last one, when there was no room for it. */
    const stoodBack = new Set<SimSocket>();
    chronicle.on('shard.sent', ({ socket }) => {
      const times = sent.get(socket) ?? [];
      times.push(clock.now());
      sent.set(socket, times.slice(-room));
    });
    chronicle.on('shard.heard', ({ socket, packet }) => {
      const times = sent.get(socket) ?? [];
      if (packet.op === 1 && times.length === room && times[0]! > clock.now() - WINDOW_MS) stoodBack.add(socket);
    });
    chronicle.on('store.failed', ({ life }) => void deeds.get(life.slot)?.add('store'));
    chronicle.on('gateway.accepted', ({ socket }) => {
      sockets.push(socket);
      connections.set(socket, oracle.connect(socket.url.href));
    });
    chronicle.on('gateway.said', ({ socket, packet }) => {
      if (clock.isAsleep) connections.get(socket)?.excuse();
      connections.get(socket)?.said(packet);
    });
    chronicle.on('gateway.garbled', ({ socket }) => connections.get(socket)?.garble());
    chronicle.on('socket.paused', ({ socket }) => connections.get(socket)?.excuse());
    chronicle.on('socket.deaf', ({ socket }) => connections.get(socket)?.excuse());
    chronicle.on('shard.asleep', () => {
      for (const connection of connections.values()) connection.excuse();
      for (const done of deeds.values()) done.add('sleep');
    });
    chronicle.on('session.ended', ({ sessionId }) => oracle.endSession(sessionId));
    chronicle.on('gateway.heard', ({ socket, text }) => {
      connections.get(socket)?.heard(text);
      judge();
      if ((JSON.parse(text) as Packet).op === 1) stoodBack.delete(socket);
    });
    chronicle.on('gateway.saw-close', ({ socket, code }) => {
      connections.get(socket)?.closedByClient(code);
      connections.get(socket)?.finish();
      drop(socket);
      judge();
    });
    chronicle.on('gateway.closed', ({ socket, code }) => {
      connections.get(socket)?.closedByGateway(code);
      connections.get(socket)?.finish();
      drop(socket);
      judge();
    });
  },
};
