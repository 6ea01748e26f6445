/** A connection without a shard: its socket and its delegate record what they are called with. */
import { ActivityTimes } from '../../src/connection/activity-times.ts';
import { Connection } from '../../src/connection/connection.ts';
import type { ConnectionDelegate } from '../../src/connection/connection-delegate.ts';
import type { DispatchProbe } from '../../src/connection/dispatch-probe.ts';
import type { DecodeHint } from '../../src/decoding/decode-predictor.ts';
import type { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { IdentifyPermit } from '../../src/identify/identify-gate.ts';
import type { Compression } from '../../src/protocol/gateway-url.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import { FrameTap } from '../../src/connection/frame-tap.ts';
import { HeartbeatTracker } from '../../src/connection/heartbeat-tracker.ts';
import { SentFrames } from '../../src/connection/sent-frames.ts';
import { ListenerWatch } from '../../src/shard/listener-watch.ts';
import { DEFAULT_TIMING } from '../../machines/index.ts';
import type { WebSocketLike } from '../../src/connection/web-socket-like.ts';
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

/** The log entry of an event that the connection sent to the machine. */
export const raised = (event: object): unknown[] => ['raised', { ...event, connectionId: 3 }];

interface BareConnectionOptions {
  readonly compression?: Compression;
  readonly maxMessageBytes?: number;
  readonly maxDispatchSilenceMs?: number;
  readonly dispatchProbe?: DispatchProbe;
  readonly resumePayload?: () => string | null;
  readonly consumePermit?: () => IdentifyPermit | null;
  readonly decodeHintFor?: (t: string) => DecodeHint;
  readonly onDataRead?: (t: string) => void;
  readonly onPacket?: (packet: Packet, event: 'raw') => void;
  readonly saveSession?: () => void;
  readonly onDispatch?: (dispatch: LazyDispatch) => void;
}

export function bareConnection(options: BareConnectionOptions = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const socket = new RecordingSocket();
  const log: unknown[][] = [];
  const {
    compression = 'none',
    maxMessageBytes = 1_000_000,
    maxDispatchSilenceMs = null,
    dispatchProbe = null,
    resumePayload = () => JSON.stringify({ op: 6 }),
    consumePermit = () => null,
    decodeHintFor = () => 'certain',
    onDataRead = () => undefined,
    onPacket = () => undefined,
    saveSession = () => undefined,
    onDispatch,
  } = options;
  const delegate: ConnectionDelegate = {
    options: {
      clock,
      url: 'wss://main.test',
      allowedHosts: null,
      version: 10,
      compression,
      maxMessageBytes,
      timing: { closeTimeoutMs: 5_000, maxDispatchSilenceMs },
      agent: undefined,
      selectProxy: null,
      createSocket: () => socket,
      rewriteUrl: (url) => url,
    },
    session: new CurrentSession(0, 1),
    heartbeatTracker: new HeartbeatTracker(clock),
    listenerWatch: new ListenerWatch({ clock, timing: DEFAULT_TIMING, report: () => undefined }),
    frameTap: new FrameTap({ now: () => 0 }, () => undefined),
    sentFrames: new SentFrames({ onSent: () => undefined, onAccepted: () => undefined }),
    dispatchProbe,
    activityTimes: new ActivityTimes(),
    decodePredictor: { onDataRead },
    connectionSlot: { consumePermit },
    guildKeeper: null,
    emitter: {
      emit: (name: string, event: { latency: number } | { lateMs: number }) =>
        void log.push([name, 'latency' in event ? event.latency : event.lateMs]),
      emitRaw: (packet) => onPacket(packet, 'raw'),
    },
    dispatcher: {
      decodeHintFor,
      deliver: (dispatch, sessionId, replayed) => {
        if (onDispatch === undefined) log.push(['dispatch', dispatch.t, sessionId, replayed]);
        else onDispatch(dispatch);
      },
    },
    identifyPayload: () => JSON.stringify({ op: 2 }),
    resumePayload,
    saveSession,
    fault: (error) => void log.push(['fault', error.code]),
  };
  const connection = new Connection(delegate, { connectionId: 3, resumeUrl: 'wss://resume.test' }, (event) =>
    log.push(['raised', event]),
  );
  const receive = (...packets: object[]): void => {
    for (const packet of packets) socket.emit('message', Buffer.from(JSON.stringify(packet)), false);
  };
  /** Returns the log since the last call. */
  const takeLog = (): unknown[][] => log.splice(0);
  return { clock, socket, delegate, connection, receive, takeLog };
}
