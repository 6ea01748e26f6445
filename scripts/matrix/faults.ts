/** The faults of the gateway that every runtime must survive, in every compression. */
import type { FakeConnection, FakeGateway } from '../../src/testing/index.ts';

export interface Fault {
  readonly title: string;
  /** Does it to the one connection of the bot. */
  readonly inject: (connection: FakeConnection, gateway: FakeGateway) => void;
  /** Ends what does not end with the connection. */
  readonly lift?: (gateway: FakeGateway) => void;
  /** Whether the session goes on. */
  readonly resumes: boolean;
}

const BUSY_STATUS = 503;
const UNKNOWN_ERROR = 4000;

export const FAULTS: readonly Fault[] = [
  {
    title: 'The TCP connection breaks',
    inject: (connection) => connection.terminate(),
    resumes: true,
  },
  {
    title: 'Reconnect (op 7)',
    inject: (connection) => connection.requestReconnect(),
    resumes: true,
  },
  {
    title: 'Close code 4000',
    inject: (connection) => connection.close(UNKNOWN_ERROR, 'unknown error'),
    resumes: true,
  },
  {
    title: 'Invalid Session (op 9), resumable',
    inject: (connection) => connection.invalidateSession(true),
    resumes: true,
  },
  {
    title: 'Invalid Session (op 9), not resumable',
    inject: (connection) => connection.invalidateSession(false),
    resumes: false,
  },
  {
    title: 'No heartbeat ACK (zombie)',
    inject: (connection) => connection.holdAcks(),
    resumes: true,
  },
  {
    title: 'Broken frame',
    inject: (connection) => connection.corrupt(),
    resumes: true,
  },
  {
    title: 'Outage: upgrades get HTTP 503',
    inject: (connection, gateway) => {
      gateway.refuse({ status: BUSY_STATUS });
      connection.terminate();
    },
    lift: (gateway) => gateway.accept(),
    resumes: true,
  },
  {
    title: 'Outage: connections are dropped',
    inject: (connection, gateway) => {
      gateway.refuse({ status: 0 });
      connection.terminate();
    },
    lift: (gateway) => gateway.accept(),
    resumes: true,
  },
];
