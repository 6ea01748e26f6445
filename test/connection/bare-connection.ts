/** A connection by itself: a socket that takes down what is asked of it, and a host that takes down what it is told. */
import { Connection } from '../../src/connection/connection.ts';
import type { ConnectionDelegate } from '../../src/connection/connection-delegate.ts';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import type { WebSocketLike } from '../../src/connection/web-socket.ts';
import { CurrentSession } from '../../src/session/current-session.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

export class RecordingSocket implements WebSocketLike {
  readyState = 1;
  readonly calls: unknown[][] = [];
  readonly #listeners: [string, (...args: never[]) => void][] = [];

  on(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.push([event, listener]);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const [, listener] of this.#listeners.filter(([name]) => name === event)) listener(...(args as never[]));
  }

  send(text: string): void {
    this.calls.push(['send', JSON.parse(text)]);
  }

  close(...args: unknown[]): void {
    this.calls.push(['close', ...args]);
  }

  terminate(): void {
    this.calls.push(['terminate']);
  }

  pause(): void {
    this.calls.push(['pause']);
  }

  resume(): void {
    this.calls.push(['resume']);
  }
}

export const dispatch = (s: number) => ({ op: 0, t: 'EVENT', s, d: {} });

/** What a bare connection tells the machine, as it is heard. */
export const raised = (event: object): unknown[] => ['raised', { ...event, connectionId: 3 }];

export function bareConnection(options: Partial<ConnectionDelegate> = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const socket = new RecordingSocket();
  const log: unknown[][] = [];
  const host: ConnectionDelegate = {
    clock,
    compression: 'none',
    session: new CurrentSession(0, 1),
    heartbeatTracker: new HeartbeatTracker(clock),
    activityTimes: { lastFrameAt: null, lastDispatchAt: null },
    maxMessageBytes: 1_000_000,
    maxDispatchSilenceMs: null,
    url: 'wss://main.test',
    open: (resumeUrl) => {
      log.push(['open', resumeUrl]);
      return socket;
    },
    identifyPayload: () => JSON.stringify({ op: 2 }),
    resumePayload: () => JSON.stringify({ op: 6 }),
    consumePermit: () => null,
    decodeHintFor: () => 'certain',
    onDataRead: () => undefined,
    onPacket: () => undefined,
    onDispatch: ({ t }, sessionId, replayed) => void log.push(['dispatch', t, sessionId, replayed]),
    onHeartbeat: (latencyMs) => void log.push(['heartbeat', latencyMs]),
    onLagged: (lateMs) => void log.push(['lagged', lateMs]),
    ...options,
  };
  const connection = new Connection(host, { connectionId: 3, resumeUrl: 'wss://resume.test' }, (event) =>
    log.push(['raised', event]),
  );
  const receive = (...packets: object[]): void => {
    for (const packet of packets) socket.emit('message', Buffer.from(JSON.stringify(packet)), false);
  };
  /** What was told since this was last asked. */
  const takeLog = (): unknown[][] => log.splice(0);
  takeLog();
  return { clock, socket, host, connection, receive, takeLog };
}
