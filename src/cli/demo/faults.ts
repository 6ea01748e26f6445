/** Everything the demo's gateway does wrong: one row each, with what is to follow from it. */
import type { FakeConnection, FakeGateway } from '../../testing/index.ts';

/** Where a fault happens. */
export interface Stage {
  readonly gateway: FakeGateway;
  /** The connection the session is on. */
  readonly connection: FakeConnection;
}

export interface Fault {
  readonly name: string;
  /** Said when it begins: "the gateway …". */
  readonly announced: string;
  /** Said when it is over: "the gateway …". */
  readonly told: string;
  readonly inject: (stage: Stage) => void;
  /** Ends what does not end by itself: some time later, or once the shard is back. */
  readonly relent?: { readonly when: 'later' | 'recovered'; readonly act: (stage: Stage) => void };
  /** What has to become of the session. */
  readonly expected: 'resumed' | 'new session';
}

export const endsSession = ({ expected }: Fault): boolean => expected === 'new session';

export const FAULTS: readonly Fault[] = [
  {
    name: 'acks dropped',
    announced: 'stops answering heartbeats',
    told: 'dropped the ACKs',
    inject: ({ connection }) => connection.holdAcks(),
    expected: 'resumed',
  },
  {
    name: 'op 7',
    announced: 'asks for a reconnect (op 7)',
    told: 'asked for a reconnect',
    inject: ({ connection }) => connection.requestReconnect(),
    expected: 'resumed',
  },
  {
    name: 'op 9 true',
    announced: 'calls the session invalid, but resumable (op 9, true)',
    told: 'suspended the session',
    inject: ({ connection }) => connection.invalidateSession(true),
    expected: 'resumed',
  },
  {
    name: 'op 9 false',
    announced: 'ends the session (op 9, false)',
    told: 'ended the session',
    inject: ({ connection }) => connection.invalidateSession(false),
    expected: 'new session',
  },
  {
    name: 'TCP killed',
    announced: 'drops the TCP connection without a word',
    told: 'dropped the TCP connection',
    inject: ({ connection }) => connection.terminate(),
    expected: 'resumed',
  },
  {
    name: 'corrupt frame',
    announced: 'sends a frame that cannot be decompressed',
    told: 'sent a corrupt frame',
    inject: ({ connection }) => connection.corrupt(),
    expected: 'resumed',
  },
  {
    name: 'outage',
    announced: 'goes away and refuses every connection for a while',
    told: 'refused connections for a while',
    inject: ({ gateway, connection }) => {
      gateway.refuse();
      connection.terminate();
    },
    relent: { when: 'later', act: ({ gateway }) => gateway.accept() },
    expected: 'resumed',
  },
  {
    name: 'resume host',
    announced: 'drops the connection, and the resume host refuses new ones',
    told: 'let the resume host refuse',
    inject: ({ gateway, connection }) => {
      gateway.refuse({ resume: true });
      connection.terminate();
    },
    relent: { when: 'recovered', act: ({ gateway }) => gateway.accept() },
    expected: 'resumed',
  },
  {
    name: 'close 4000',
    announced: 'closes with 4000, unknown error',
    told: 'closed with 4000',
    inject: ({ connection }) => connection.close(4000, 'unknown error'),
    expected: 'resumed',
  },
];
