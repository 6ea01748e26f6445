/** Everything the demo's gateway does wrong: one row each, with what is to follow from it. */
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';

/** Where a fault happens. */
export interface FaultTarget {
  readonly gateway: FakeGateway;
  /** The connection the session is on. */
  readonly connection: FakeConnection;
}

export interface Fault {
  readonly name: string;
  /** Said when it begins: "the gateway …". */
  readonly presentText: string;
  /** Said when it is over: "the gateway …". */
  readonly pastText: string;
  readonly inject: (target: FaultTarget) => void;
  /** Ends what does not end by itself: some time later, or once the shard is back. */
  readonly undo?: { readonly when: 'later' | 'recovered'; readonly run: (target: FaultTarget) => void };
  /** What has to become of the session. */
  readonly expected: 'resumed' | 'new session';
}

export const endsSession = ({ expected }: Fault): boolean => expected === 'new session';

export const FAULTS: readonly Fault[] = [
  {
    name: 'acks dropped',
    presentText: 'stops answering heartbeats',
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
    presentText: 'calls the session invalid, but resumable (op 9, true)',
    pastText: 'suspended the session',
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
    presentText: 'drops the TCP connection without a word',
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
    presentText: 'goes away and refuses every connection for a while',
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
    pastText: 'let the resume host refuse',
    inject: ({ gateway, connection }) => {
      gateway.refuse({ resume: true });
      connection.terminate();
    },
    undo: { when: 'recovered', run: ({ gateway }) => gateway.accept() },
    expected: 'resumed',
  },
  {
    name: 'close 4000',
    presentText: 'closes with 4000, unknown error',
    pastText: 'closed with 4000',
    inject: ({ connection }) => connection.close(4000, 'unknown error'),
    expected: 'resumed',
  },
];
