/** A connection by itself: a socket that takes down what is asked of it, and a host that takes down what it is told. */
import { Connection } from '../../src/actors/connection.ts';
import type { ConnectionHost } from '../../src/actors/connection-host.ts';
import { Pulse } from '../../src/actors/pulse.ts';
import type { WebSocketLike } from '../../src/actors/web-socket.ts';
import { SessionCell } from '../../src/session/session-cell.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

export class NotingSocket implements WebSocketLike {
  readyState = 1;
  readonly asked: unknown[][] = [];
  readonly #listeners: [string, (...args: never[]) => void][] = [];

  on(event: string, listener: (...args: never[]) => void): void {
    this.#listeners.push([event, listener]);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const [, listener] of this.#listeners.filter(([name]) => name === event)) listener(...(args as never[]));
  }

  send(text: string): void {
    this.asked.push(['send', JSON.parse(text)]);
  }

  close(...args: unknown[]): void {
    this.asked.push(['close', ...args]);
  }

  terminate(): void {
    this.asked.push(['terminate']);
  }

  pause(): void {
    this.asked.push(['pause']);
  }

  resume(): void {
    this.asked.push(['resume']);
  }
}

export const dispatch = (s: number) => ({ op: 0, t: 'EVENT', s, d: {} });

/** What a bare connection tells the machine, as it is heard. */
export const says = (event: object): unknown[] => ['says', { ...event, connectionId: 3 }];

export function bareConnection(options: Partial<ConnectionHost> = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const socket = new NotingSocket();
  const told: unknown[][] = [];
  const host: ConnectionHost = {
    clock,
    compression: 'none',
    cell: new SessionCell(0, 1),
    pulse: new Pulse(clock),
    vitals: { lastFrameAt: null, lastDispatchAt: null },
    maxMessageBytes: 1_000_000,
    maxDispatchSilenceMs: null,
    url: 'wss://main.test',
    open: (resumeUrl) => {
      told.push(['open', resumeUrl]);
      return socket;
    },
    identifyPayload: () => JSON.stringify({ op: 2 }),
    resumePayload: () => JSON.stringify({ op: 6 }),
    takePermit: () => null,
    demandFor: () => 'certain',
    wasRead: () => undefined,
    onPacket: () => undefined,
    onDispatch: ({ t }, sessionId, replayed) => void told.push(['dispatch', t, sessionId, replayed]),
    onHeartbeat: (latencyMs) => void told.push(['heartbeat', latencyMs]),
    onLagged: (lateMs) => void told.push(['lagged', lateMs]),
    ...options,
  };
  const connection = new Connection(host, { connectionId: 3, resumeUrl: 'wss://resume.test' }, (event) => told.push(['says', event]));
  const receive = (...packets: object[]): void => {
    for (const packet of packets) socket.emit('message', Buffer.from(JSON.stringify(packet)), false);
  };
  /** What was told since this was last asked. */
  const heard = (): unknown[][] => told.splice(0);
  heard();
  return { clock, socket, host, connection, receive, heard };
}
