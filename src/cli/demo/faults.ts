/** The faults that the demo's gateway injects, each with the expected recovery. */
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';

/** Where a fault is injected. */
export interface FaultTarget {
  readonly gateway: FakeGateway;
  /** The connection that carries the session. */
  readonly connection: FakeConnection;
}

export interface Fault {
  readonly name: string;
  /** Completes "the gateway …" when the fault begins. */
  readonly presentText: string;
  /** Completes "the gateway …" when the fault is over. */
  readonly pastText: string;
  readonly inject: (target: FaultTarget) => void;
  /** Ends a lasting fault: after some traffic, or when the shard has recovered. */
  readonly undo?: { readonly when: 'later' | 'recovered'; readonly run: (target: FaultTarget) => void };
  /** Whether the shard has to resume its session or start a new one. */
  readonly expected: 'resumed' | 'new session';
}

export const endsSession = ({ expected }: Fault): boolean => expected === 'new session';

export const FAULTS: readonly Fault[] = [
  {
    name: 'acks dropped',
    presentText: 'stops acknowledging heartbeats',
    pastText: 'dropped the ACKs',
    inject: ({ connection }) => connection.holdAcks(),
    expected: 'resumed',
  },
  {
    name: 'op 7',
    presentText: 'asks for a reconnect (op 7)',
    pastText: 'asked for a reconnect',
    inject: ({ connection }) => connection.requestReconnect(),
    expected: 'resumed',
  },
  {
    name: 'op 9 true',
    presentText: 'invalidates the session, which stays resumable (op 9, true)',
    pastText: 'invalidated the session',
    inject: ({ connection }) => connection.invalidateSession(true),
    expected: 'resumed',
  },
  {
    name: 'op 9 false',
    presentText: 'ends the session (op 9, false)',
    pastText: 'ended the session',
    inject: ({ connection }) => connection.invalidateSession(false),
    expected: 'new session',
  },
  {
    name: 'TCP killed',
    presentText: 'drops the TCP connection without a close frame',
    pastText: 'dropped the TCP connection',
    inject: ({ connection }) => connection.terminate(),
    expected: 'resumed',
  },
  {
    name: 'corrupt frame',
    presentText: 'sends a frame that cannot be decompressed',
    pastText: 'sent a corrupt frame',
    inject: ({ connection }) => connection.corrupt(),
    expected: 'resumed',
  },
  {
    name: 'outage',
    presentText: 'closes, and refuses every connection for a while',
    pastText: 'refused connections for a while',
    inject: ({ gateway, connection }) => {
      gateway.refuse();
      connection.terminate();
    },
    undo: { when: 'later', run: ({ gateway }) => gateway.accept() },
    expected: 'resumed',
  },
  {
    name: 'resume host',
    presentText: 'drops the connection, and the resume host refuses new ones',
    pastText: 'refused connections at the resume host',
    inject: ({ gateway, connection }) => {
      gateway.refuse({ resume: true });
      connection.terminate();
    },
    undo: { when: 'recovered', run: ({ gateway }) => gateway.accept() },
    expected: 'resumed',
  },
  {
    name: 'close 4000',
    presentText: 'closes with code 4000, unknown error',
    pastText: 'closed with code 4000',
    inject: ({ connection }) => connection.close(4000, 'unknown error'),
    expected: 'resumed',
  },
];
