/** One oracle over the connections of all nodes: to the gateway they are one bot. */
import { Oracle } from '../../src/testing/oracle/oracle.ts';
import type { OracleConnection } from '../../src/testing/oracle/oracle-connection.ts';
import type { OracleRule } from '../../src/testing/oracle/oracle-rules.ts';
import { leasesKey } from '../../src/cluster/memory/memory-store.ts';
import { shardKeyOf } from '../../src/cluster/memory/memory-data.ts';
import type { ClusterCheck } from './cluster-check.ts';
import { HEARTBEAT_INTERVAL_MS, MAIN_URL } from './cluster-gateway.ts';
import type { ClusterSocket } from './cluster-socket.ts';

/** How late a timer of a node is, at most, and more than two frames may differ. */
const LATE_MS = 20;
/** How long a node may take to answer, beside the network. */
const ANSWER_MS = 1_000;

/**
 * A hand-over adds heartbeats, each of which asks how far a shard has come. The oracle takes one for the next that was due, and
 * that one, up to an interval later, for one too many.
 */
const HAND_OVER_RULES: ReadonlySet<OracleRule> = new Set(['heartbeat-pace', 'zombie-heartbeat']);
/** For how long a node takes part in a hand-over of which the engine knows no more. */
const HAND_OVER_MS = 15_000;

interface Judged {
  readonly connection: OracleConnection;
  readonly acceptedAt: number;
}

export const noComplaints: ClusterCheck = {
  rule: 'The oracle of the protocol has no complaint about any node.',
  watch: ({ clock, log, setting, generations }, complain) => {
    const oracle = new Oracle({
      clock,
      mainUrl: MAIN_URL,
      maxConcurrency: setting.maxConcurrency,
      toleranceMs: LATE_MS,
      roundTripMs: 2 * setting.latencyMs + ANSWER_MS,
    });
    const judged = new Map<ClusterSocket, Judged>();
    let checked = 0;
    /** Reports to the oracle, and passes on what it says. */
    const report = (socket: ClusterSocket, tell: (connection: OracleConnection) => void): void => {
      const known = judged.get(socket);
      if (known === undefined) return;
      // A process that stood still is late, and what it has not read is nobody's fault.
      if (socket.isPaused || socket.proc.clock.frozenUntil >= known.acceptedAt) known.connection.allowLoss();
      tell(known.connection);
      for (; checked < oracle.complaints.length; checked += 1) {
        const { rule, what } = oracle.complaints[checked]!;
        // What was received and not stored is asked for again by another node; `resumed-from-stored` judges that.
        if (rule === 'resume-repeat') continue;
        // Others have ended it, and this node does not know yet that other shards are in service.
        if (rule === 'resume-ended' && socket.proc.manager.total !== generations.current.total) continue;
        const sinceHandOverMs = clock.now() - generations.handOverAt;
        if (HAND_OVER_RULES.has(rule) && sinceHandOverMs <= HAND_OVER_MS + HEARTBEAT_INTERVAL_MS) continue;
        complain(`${socket.proc.name} breaks ${rule}: ${what}`);
      }
    };
    log.on('gateway.accepted', ({ socket }) =>
      judged.set(socket, { connection: oracle.connect(socket.url), acceptedAt: clock.now() }),
    );
    log.on('gateway.sent', ({ socket, packet }) => report(socket, (connection) => connection.sent(packet)));
    log.on('gateway.received', ({ socket, text }) => report(socket, (connection) => connection.received(text)));
    log.on('gateway.ended', ({ socket, by, code }) => {
      report(socket, (connection) => {
        if (by === 'shard') connection.closedByClient(code);
        else connection.closedByGateway(code);
        connection.finish();
      });
      judged.delete(socket);
    });
  },
};

export const resumedFromStored: ClusterCheck = {
  rule: 'The owner of a shard resumes from what the engine has of its session, or from later, and never asks for that again.',
  watch: ({ log, server, gateway, generations }, complain) => {
    log.on('resume', ({ proc, sessionId, sequence }) => {
      const session = gateway.sessions.get(sessionId);
      if (session === undefined) return;
      const { shardId } = session;
      const generation = generations.of(session);
      const { scopes, sessions } = server.store.data;
      const owners = scopes.get(leasesKey({ kind: 'shards', generation }))?.owners;
      // All generations have the same members.
      const owner = scopes.get('shards')?.members.get(owners?.get(shardId)?.owner ?? '');
      const stored = sessions.get(shardKeyOf(shardId, generation));
      if (owner?.name !== proc.name || stored?.sessionId !== sessionId) return;
      if (sequence < stored.sequence)
        complain(`${proc.name} resumes ${sessionId} from ${sequence}, but the engine has ${stored.sequence}`);
    });
  },
};
