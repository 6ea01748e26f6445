/** Lets the oracle judge every connection of a run. */
import { Oracle } from '../../src/testing/oracle/oracle.ts';
import type { OracleConnection } from '../../src/testing/oracle/oracle-connection.ts';
import type { OracleRule } from '../../src/testing/oracle/oracle-rules.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { SimSocket } from '../sim-socket.ts';
import type { ProcessPlace } from '../simulated-process.ts';
import { MAIN_URL } from '../setting.ts';
import type { Check } from './check.ts';

/** How far back frames count against the limit, including the latency of the network. */
const WINDOW_MS = 60_500;

const NO_PACKET: Packet = { op: -1, d: null };

/**
 * The rules that a shard may break because of what the user or the process did, which the oracle can't know. Resharding
 * and `heartbeat()` add heartbeats. A user, a restart or a broken store may bring back an old session. After a sleep
 * frames are late.
 */
const TOLERATED: Readonly<Partial<Record<OracleRule, readonly string[]>>> = {
  'heartbeat-pace': ['heartbeat', 'reshard', 'sleep'],
  'zombie-heartbeat': ['heartbeat', 'reshard', 'sleep'],
  // Two processes of a bot have a gate each; the checks of spacing and budget judge each process.
  'identify-spacing': ['deploy', 'takeTurns'],
  'identify-budget': ['deploy', 'takeTurns'],
  'resume-session': ['resume'],
  'resume-ended': ['resume', 'restart', 'deploy', 'takeTurns', 'kill', 'store'],
  'resume-sequence': ['resume'],
  // What waits in a stream comes again to the next process.
  'resume-repeat': ['resume', 'restart', 'deploy', 'takeTurns', 'kill', 'store'],
};

export const noOracleComplaints: Check = {
  rule: 'the oracle has no complaint',
  watch(world, complain) {
    const { setting, clock, eventLog } = world;
    const transitMs = setting.latencyMs + setting.jitterMs * 5;
    const lateMs = clock.latenessMs(clock.now(), clock.now()) * 2;
    const oracle = new Oracle({
      clock,
      mainUrl: MAIN_URL,
      maxConcurrency: setting.maxConcurrency,
      remainingStarts: setting.budget.remaining,
      totalStarts: setting.budget.total,
      resetAfterMs: setting.budget.resetAfterMs,
      toleranceMs: setting.jitterMs * 5,
      lateMs: lateMs + transitMs,
      roundTripMs: transitMs * 2 + 2_000,
    });
    const connections = new Map<SimSocket, OracleConnection>();
    const drop = (socket: SimSocket): void => void connections.delete(socket);
    const sockets: SimSocket[] = [];
    const actionsByPlace = new Map<ProcessPlace, Set<string>>(world.places.map((place) => [place, new Set()]));
    let checked = 0;
    /** The sessions that the gateway ended by a close code that the shard could not read. */
    const unread = new Set<string>();
    const isUnread = ({ op, d }: Packet): boolean => op === 6 && unread.has((d as { session_id: string }).session_id);
    const checkComplaints = (received: Packet = NO_PACKET): void => {
      for (; checked < oracle.complaints.length; checked += 1) {
        const { rule, what, connection } = oracle.complaints[checked]!;
        const done = actionsByPlace.get(sockets[connection]!.proc.place);
        if (rule === 'resume-ended' && isUnread(received)) continue;
        if (rule === 'heartbeat-answer' && deferredHeartbeats.has(sockets[connection]!)) continue;
        if (TOLERATED[rule]?.some((action) => done?.has(action)) !== true)
          complain(`${rule}: ${what}, on socket ${sockets[connection]!.id}`);
      }
    };
    eventLog.on('action', ({ proc, name }) => void actionsByPlace.get(proc.place)?.add(name));
    const sent = new Map<SimSocket, number[]>();
    /** How many frames in 60 s are left beside the scheduled heartbeats. */
    const spareFrames = 120 - (Math.ceil(60_000 / setting.heartbeatIntervalMs) + 1);
    /** Sockets that received op 1 while the send limit left no frame for the answer. */
    const deferredHeartbeats = new Set<SimSocket>();
    eventLog.on('shard.sent', ({ socket }) => {
      const times = sent.get(socket) ?? [];
      times.push(clock.now());
      sent.set(socket, times.slice(-spareFrames));
    });
    eventLog.on('shard.received', ({ socket, packet }) => {
      const times = sent.get(socket) ?? [];
      if (packet.op === 1 && times.length === spareFrames && times[0]! > clock.now() - WINDOW_MS)
        deferredHeartbeats.add(socket);
    });
    eventLog.on('store.failed', ({ proc }) => void actionsByPlace.get(proc.place)?.add('store'));
    eventLog.on('gateway.accepted', ({ socket }) => {
      sockets.push(socket);
      connections.set(socket, oracle.connect(socket.url.href));
    });
    eventLog.on('gateway.sent', ({ socket, packet }) => {
      if (clock.isAsleep) connections.get(socket)?.allowLoss();
      connections.get(socket)?.sent(packet);
    });
    eventLog.on('gateway.sentGarbage', ({ socket }) => connections.get(socket)?.markUndecodable());
    eventLog.on('socket.paused', ({ socket }) => connections.get(socket)?.allowLoss());
    eventLog.on('socket.halfOpen', ({ socket }) => connections.get(socket)?.allowLoss());
    eventLog.on('process.asleep', () => {
      for (const connection of connections.values()) connection.allowLoss();
      for (const done of actionsByPlace.values()) done.add('sleep');
    });
    eventLog.on('session.ended', ({ sessionId, why }) => {
      // A close code informs the client, which the oracle sees for itself.
      if (!why.startsWith('close ')) oracle.endSession(sessionId);
    });
    eventLog.on('gateway.received', ({ socket, text }) => {
      const packet = JSON.parse(text) as Packet;
      connections.get(socket)?.received(text);
      checkComplaints(packet);
      if (packet.op === 1) deferredHeartbeats.delete(socket);
    });
    eventLog.on('gateway.closeReceived', ({ socket, code }) => {
      connections.get(socket)?.closedByClient(code);
      connections.get(socket)?.finish();
      drop(socket);
      checkComplaints();
    });
    /** What the gateway has closed and the shard has not: with which code, and whose session. */
    const closures = new Map<SimSocket, { readonly code: number; readonly sessionId: string }>();
    eventLog.on('socket.closed', ({ socket, code }) => {
      const closure = closures.get(socket);
      closures.delete(socket);
      if (closure !== undefined && closure.code !== code) unread.add(closure.sessionId);
    });
    eventLog.on('action', ({ proc, name }) => {
      if (name !== 'forceClose') return;
      // It ends everything at once. A close code that arrives with the end of the socket is not heard any more.
      for (const [socket, { sessionId }] of closures) if (socket.proc === proc) unread.add(sessionId);
    });
    eventLog.on('gateway.closed', ({ socket, code }) => {
      const sessionId = socket.connection?.session?.id;
      if (code !== null && sessionId !== undefined) {
        if (socket.readyState === 3) unread.add(sessionId);
        else closures.set(socket, { code, sessionId });
      }
      connections.get(socket)?.closedByGateway(code);
      connections.get(socket)?.finish();
      drop(socket);
      checkComplaints();
    });
  },
};
