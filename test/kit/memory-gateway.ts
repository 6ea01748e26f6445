/**
 * A gateway in memory, for behaviours of long times: it answers on the virtual clock, and a test can switch off each of
 * its answers. An oracle judges what the client sends; at the end of a test it must have no complaint.
 */
import type { SocketOptions, WebSocketLike } from '../../src/index.ts';
import { onTestFinished } from 'vitest';
import type { Packet } from '../../src/protocol/packets.ts';
import { Oracle } from '../../src/testing/index.ts';
import type { OracleConnection, OracleOptions, OracleRule } from '../../src/testing/index.ts';
import { parsePacket } from '../../src/testing/json-object.ts';
import { expectNoViolations } from './expect-no-violations.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';

type Listener = (...args: never[]) => void;

export class MemorySocket implements WebSocketLike {
  readyState = 0;
  readonly url: URL;
  readonly options: SocketOptions;
  readonly openedAt: number;
  /** The packets that the client sent, each with its time. */
  readonly sent: (Packet & { at: number })[] = [];
  /** How the client closed the socket. */
  closedWith: number | 'terminated' | null = null;
  paused = false;
  readonly #gateway: MemoryGateway;
  #oracleConnection: OracleConnection | null = null;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(gateway: MemoryGateway, url: string, options: SocketOptions) {
    this.#gateway = gateway;
    this.url = new URL(url);
    this.options = options;
    this.openedAt = gateway.clock.now();
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  send(text: string): void {
    const packet = { ...(JSON.parse(text) as Packet), at: this.#gateway.clock.now() };
    this.sent.push(packet);
    if (packet.op === 6) this.#gateway.recordResumed(packet.d, this.url.href);
    this.#oracleConnection?.received(text);
    this.#gateway.afterLatency(() => this.#gateway.answer(this, packet));
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
    this.readyState = 2;
    this.#oracleConnection?.closedByClient(code ?? null);
    if (this.#gateway.answers.close) this.#gateway.afterLatency(() => this.end(code ?? 1005));
  }

  terminate(): void {
    if (this.closedWith === null) this.closedWith = 'terminated';
    this.#oracleConnection?.finish();
    this.#gateway.afterLatency(() => this.end(1006));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  open(): void {
    this.readyState = 1;
    this.#oracleConnection = this.#gateway.oracle.connect(this.url.href);
    this.#emit('open');
  }

  receive(packet: Packet): void {
    this.receiveRaw(Buffer.from(JSON.stringify(packet)), false);
  }

  receiveRaw(data: Buffer, isBinary: boolean): void {
    if (this.readyState !== 1) return;
    this.#recordSent(data.toString());
    this.#emit('message', data, isBinary);
  }

  /** Closes the socket, from whichever side. */
  end(code: number, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#oracleConnection?.closedByGateway(code === 1006 ? null : code);
    this.#emit('close', code, Buffer.from(reason));
  }

  fail(message: string): void {
    this.#emit('error', new Error(message));
    this.end(1006);
  }

  /** Excuses late packets of the client, which the sleeping clock causes. */
  allowLateness(): void {
    this.#oracleConnection?.allowLoss();
  }

  /** Says that the connection is over, so that the oracle waits for nothing more. */
  finish(): void {
    this.#oracleConnection?.finish();
  }

  sentOps(): number[] {
    return this.sent.map(({ op }) => op);
  }

  #recordSent(text: string): void {
    const packet = parsePacket(text);
    if (packet === null) this.#oracleConnection?.markUndecodable();
    else {
      if (packet.op === 0 && packet.t === 'READY')
        this.#gateway.recordSession((packet.d as { session_id?: unknown }).session_id);
      this.#oracleConnection?.sent(packet);
    }
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (...all: unknown[]) => void)(...args);
  }
}

export class MemoryGateway {
  readonly clock: VirtualClock;
  readonly sockets: MemorySocket[] = [];
  readonly oracle: Oracle;
  readonly #allowedViolations = new Map<OracleRule, string>();
  readonly #sessions = new Set<unknown>();
  /** What the gateway does without being asked. */
  readonly answers = { open: true, hello: true, ack: true, ready: true, resumed: true, close: true, refuse: false };
  heartbeatIntervalMs: unknown = 40_000;
  latencyMs = 1;
  sequence = 0;
  sessions = 0;
  /** More fields of READY. */
  readyData: object = {};
  /** Called with each packet before it is answered. Return `true` to suppress the answer. */
  intercept: (socket: MemorySocket, packet: Packet) => boolean = () => false;

  constructor(clock: VirtualClock, options: Partial<OracleOptions> = {}) {
    this.clock = clock;
    this.oracle = new Oracle({ clock, mainUrl: 'wss://main.test', toleranceMs: 0, roundTripMs: 0, ...options });
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms) => {
      for (const socket of this.sockets) socket.allowLateness();
      sleep(ms);
    };
    onTestFinished(() => this.verify());
  }

  /** Fails if the oracle has a complaint about a rule that the test does not allow the shard to break. */
  verify(): void {
    for (const socket of this.sockets) socket.finish();
    expectNoViolations(this.oracle.complaints, [...this.#allowedViolations.keys()]);
  }

  /** Allows the shard to break a rule, and says why. */
  allowViolation(rule: OracleRule, reason: string): void {
    this.#allowedViolations.set(rule, reason);
  }

  /** Records a session that READY started. */
  recordSession(sessionId: unknown): void {
    this.#sessions.add(sessionId);
  }

  /** Treats every resumed session as one of this gateway's sessions. */
  recordResumed(resume: unknown, url: string): void {
    const { session_id: id, seq } = resume as { session_id: string; seq: number };
    if (this.#sessions.has(id)) return;
    this.#sessions.add(id);
    this.oracle.addSession(id, { url, resumeUrl: 'wss://resume.test', sequence: seq });
  }

  readonly createSocket = (url: string, options: SocketOptions): MemorySocket => {
    const socket = new MemorySocket(this, url, options);
    this.sockets.push(socket);
    this.afterLatency(() => {
      if (socket.readyState !== 0) return;
      if (this.answers.refuse) socket.fail('connect ECONNREFUSED 127.0.0.1:443');
      else if (this.answers.open) {
        socket.open();
        if (this.answers.hello) this.hello(socket);
      }
    });
    return socket;
  };

  get last(): MemorySocket {
    return this.sockets.at(-1)!;
  }

  /** Returns every packet of an opcode, over all sockets, each with its time. */
  sent(op: number): (Packet & { at: number })[] {
    return this.sockets.flatMap((socket) => socket.sent.filter((packet) => packet.op === op));
  }

  hello(socket: MemorySocket): void {
    socket.receive({ op: 10, d: { heartbeat_interval: this.heartbeatIntervalMs } });
  }

  dispatch(t: string, d: unknown = {}, socket = this.last): void {
    this.sequence += 1;
    socket.receive({ op: 0, t, s: this.sequence, d });
  }

  ready(socket = this.last): void {
    this.sessions += 1;
    const identity = { session_id: `session-${this.sessions}`, resume_gateway_url: 'wss://resume.test' };
    this.dispatch('READY', { ...this.readyData, ...identity }, socket);
  }

  afterLatency(run: () => void): void {
    this.clock.setTimeout(run, this.latencyMs);
  }

  answer(socket: MemorySocket, packet: Packet): void {
    if (socket.readyState !== 1 || this.intercept(socket, packet)) return;
    if (packet.op === 1 && this.answers.ack) socket.receive({ op: 11 });
    if (packet.op === 2 && this.answers.ready) this.ready(socket);
    if (packet.op === 6 && this.answers.resumed) this.dispatch('RESUMED', {}, socket);
  }
}
