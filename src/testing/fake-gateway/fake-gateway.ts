/**
 * The fake gateway: it listens on two ports, keeps the connections, and injects the faults that concern all of them.
 */
import type { IncomingMessage } from 'node:http';
import type { Complaint } from '../oracle/complaint.ts';
import { FakeConnection } from './fake-connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import { createGatewayContext } from './gateway-context.ts';
import { serveHttp } from './http-api.ts';
import { HttpListener } from './http-listener.ts';
import type { FakeGatewayOptions, Settings } from './options.ts';
import { resolveSettings } from './options.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { RefuseOptions } from './refuse-options.ts';
import { Replay } from './replay/replay.ts';
import { gatewayOptionsOf, selectedFrom, speedOf } from './replay/replay-options.ts';
import type { ReplayOptions } from './replay/replay-options.ts';
import { readScript } from './replay/read-script.ts';
import type { FakeGatewayStats } from './stats.ts';
import { rejectForeign, validateUpgrade } from './upgrade-validation.ts';
import { Waiters } from './waiters.ts';

type ListenerName = 'main' | 'resume';

const DEFAULT_REFUSAL_STATUS = 520;

/**
 * A gateway server on loopback that behaves as Discord documents, and is as strict. Use it to test a bot, or any other
 * gateway client, without Discord.
 * @example
 * ```ts
 * await using gateway = await FakeGateway.listen({ token: 'secret', readyGuilds: 2 });
 * // Connect a client to gateway.url. Then:
 * const connection = await gateway.waitForConnection((c) => c.sessionId !== null);
 * gateway.dispatch('MESSAGE_CREATE', { id: '1', content: 'hi' });
 * connection.terminate();
 * ```
 */
export class FakeGateway {
  readonly #settings: Settings;
  readonly #context: GatewayContext;
  readonly #listeners: Readonly<Record<ListenerName, HttpListener>>;
  readonly #waiters = new Waiters();
  readonly #history: FakeConnection[] = [];
  readonly #refusals = new Map<ListenerName, number>();
  #replay: Replay | null = null;
  #ignoresCloses = false;
  #closing: Promise<void> | null = null;

  private constructor(settings: Settings, listeners: Record<ListenerName, HttpListener>) {
    const { main, resume } = listeners;
    this.#settings = settings;
    this.#listeners = listeners;
    this.#context = createGatewayContext(settings, { main: main.port, resume: resume.port }, () =>
      this.#waiters.checkAll(),
    );
  }

  /**
   * Starts a gateway on two ports of 127.0.0.1: one for the main URL, one for the resume URL. Resolves when both
   * listen. Rejects with the error of `net.Server` when the port is taken (`EADDRINUSE`).
   */
  static async listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const settings = resolveSettings(options);
    const started: { gateway?: FakeGateway } = {};
    const handlers = (name: ListenerName): Parameters<typeof HttpListener.open>[1] => ({
      onRequest: (request, response) => {
        const { gateway } = started;
        if (gateway === undefined) response.destroy();
        else {
          const context = { settings, starts: gateway.#context.starts, url: gateway.url, identity: gateway.#context };
          void serveHttp(context, request, response);
        }
      },
      onUpgrade: (request, accept, reject) => {
        if (started.gateway === undefined) reject(0, '');
        else started.gateway.#onUpgrade(name, request, accept, reject);
      },
    });
    const main = await HttpListener.open(settings.port, handlers('main'));
    const resume = await HttpListener.open(0, handlers('resume'));
    const gateway = new FakeGateway(settings, { main, resume });
    started.gateway = gateway;
    return gateway;
  }

  /**
   * Starts a gateway that does what a recording of a `FlightRecorder` says: HELLO, READY and RESUMED, dispatches by kind
   * and size, missing and late ACKs, op 1, 7 and 9, closes, refused connections and outages. Everything after the
   * recording is ordinary. Of a directory with several processes it replays the one that started last. The contents of
   * dispatches are made up.
   *
   * Rejects with {@link GatewayError} `RECORDING_UNREADABLE` if there is no recording of a shard, and `INVALID_OPTIONS`.
   * @param path - A file, or the directory of a recording.
   */
  static async replay(path: string, options: ReplayOptions = {}): Promise<FakeGateway> {
    const speed = speedOf(options);
    const script = selectedFrom(await readScript(path), options);
    const gateway = await FakeGateway.listen(gatewayOptionsOf(options, script));
    gateway.#replay = new Replay(gateway.#context, script, speed);
    return gateway;
  }

  /** Whether a replay has done everything that was recorded; `true` without a replay. Wait for it with `waitUntil()`. */
  get isReplayed(): boolean {
    return this.#replay?.isOver !== false;
  }

  /** The main WebSocket URL: `ws://127.0.0.1:PORT`. */
  get url(): string {
    return `ws://127.0.0.1:${this.#listeners.main.port}`;
  }

  /** The URL that READY contains as `resume_gateway_url`: another port of the same gateway. */
  get resumeUrl(): string {
    return this.#context.resumeUrl;
  }

  /** The base of the HTTP API: `http://127.0.0.1:PORT/api/v10`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#listeners.main.port}/api/v10`;
  }

  /** The open connections, in order of arrival. */
  get connections(): readonly FakeConnection[] {
    return this.#history.filter((connection) => connection.isOpen);
  }

  /** All connections since the gateway began to listen, closed ones included, in order of arrival. */
  get history(): readonly FakeConnection[] {
    return this.#history;
  }

  /** Counters, and the list of what clients did wrong. */
  get stats(): FakeGatewayStats {
    return this.#context.stats;
  }

  /**
   * The complaints of the {@link Oracle}; empty without the option `strict`. Read it after {@link FakeGateway.close}:
   * the oracle notices that something is missing only at the next frame, or when the connection ends.
   */
  get complaints(): readonly Complaint[] {
    return this.#context.oracle?.complaints ?? [];
  }

  /**
   * Sends an event to every session, to the sessions of one shard, or to those of the shard that a guild belongs to. A
   * session without a connection receives it when it is resumed. `d` is serialized now; later changes have no effect.
   */
  dispatch(t: string, d: unknown, to: { shardId?: number; guildId?: string } = {}): void {
    this.#context.sessions.dispatch(t, d, to);
  }

  /**
   * Resolves with the first open connection for which the predicate is true, now or later. The predicate is called
   * after every change. Rejects with what the predicate throws, or with an `Error` when the gateway closes.
   * @param predicate - Default: any connection.
   */
  waitForConnection(predicate: (connection: FakeConnection) => boolean = () => true): Promise<FakeConnection> {
    return this.#waiters.until(() => this.connections.find(predicate));
  }

  /**
   * Resolves when the predicate is true, for example of {@link FakeGateway.history} or {@link FakeGateway.stats}. It is
   * called now and after every change. Rejects with what it throws, or with an `Error` when the gateway closes.
   */
  async waitUntil(predicate: (gateway: FakeGateway) => boolean): Promise<void> {
    await this.#waiters.until(() => (predicate(this) ? true : undefined));
  }

  /** Rejects new connections until {@link FakeGateway.accept}. Open connections and the HTTP API still work. */
  refuse({ main, resume, status = DEFAULT_REFUSAL_STATUS }: RefuseOptions = {}): void {
    const both = main === undefined && resume === undefined;
    if (both || main === true) this.#refusals.set('main', status);
    if (both || resume === true) this.#refusals.set('resume', status);
  }

  /** Accepts new connections again after {@link FakeGateway.refuse}. */
  accept(): void {
    this.#refusals.clear();
  }

  /** Sends no HELLO on new connections until {@link FakeGateway.releaseHello}. */
  holdHello(): void {
    this.#context.latches.hello.hold();
  }

  /** Sends the HELLOs held back, and no longer holds new ones. */
  releaseHello(): void {
    this.#context.latches.hello.release();
  }

  /** Accepts IDENTIFY, but sends no READY until {@link FakeGateway.releaseReady}. */
  holdReady(): void {
    this.#context.latches.ready.hold();
  }

  /** Sends the READYs held back, and no longer holds new ones. */
  releaseReady(): void {
    this.#context.latches.ready.release();
  }

  /** Accepts RESUME, but sends neither the replay nor RESUMED until {@link FakeGateway.releaseResumed}. */
  holdResumed(): void {
    this.#context.latches.resumed.hold();
  }

  /** Sends the replays and RESUMEDs held back, and no longer holds new ones. */
  releaseResumed(): void {
    this.#context.latches.resumed.release();
  }

  /** Does not answer Request Guild Members until {@link FakeGateway.releaseMembers}. */
  holdMembers(): void {
    this.#context.latches.members.hold();
  }

  /** Sends the member chunks held back, and no longer holds new ones. */
  releaseMembers(): void {
    this.#context.latches.members.release();
  }

  /** Does not answer close frames on present and future connections; see {@link FakeConnection.ignoreCloses}. */
  ignoreCloses(): void {
    this.#ignoresCloses = true;
    for (const connection of this.connections) connection.ignoreCloses();
  }

  /**
   * Drops every connection and stops listening. Resolves when all sockets are closed; a second call returns the same
   * promise. Rejects what still waits for the gateway.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Calls {@link FakeGateway.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#replay?.close();
    const { hello, ready, resumed, members } = this.#context.latches;
    for (const latch of [hello, ready, resumed, members]) latch.clear();
    const open = this.connections;
    for (const connection of open) connection.terminate();
    await Promise.all([
      this.#listeners.main.close(),
      this.#listeners.resume.close(),
      ...open.map(({ closed }) => closed),
    ]);
    this.#waiters.rejectAll(new Error('the fake gateway was closed'));
  }

  #onUpgrade(
    listener: ListenerName,
    request: IncomingMessage,
    accept: (onAccepted: (socket: PeerSocket) => void) => void,
    reject: (status: number, message: string) => void,
  ): void {
    const refusalStatus = this.#refusals.get(listener);
    const foreignRequest = rejectForeign(request);
    if (foreignRequest !== null || refusalStatus !== undefined) {
      reject(foreignRequest?.status ?? refusalStatus ?? 0, foreignRequest?.what ?? 'refused by the test');
      return;
    }
    const path = request.url ?? '';
    const outage = this.#replay?.refusal(listener, path) ?? null;
    if (outage !== null) {
      // Without a status the client gets no answer, and has to give up.
      if (outage.status !== null) reject(outage.status, 'refused in the recording');
      return;
    }
    const validated = validateUpgrade(request, this.#settings);
    if ('status' in validated) {
      const { clock, stats } = this.#context;
      if (validated.isViolation)
        stats.violations.push({ code: null, what: validated.what, connection: null, at: clock.now() });
      reject(validated.status, validated.what);
      return;
    }
    accept((socket) => {
      if (this.#ignoresCloses) socket.answersCloses = false;
      const base = listener === 'main' ? this.url : this.resumeUrl;
      const replayed = this.#replay?.connection(path) ?? null;
      const connection = new FakeConnection(replayed?.context ?? this.#context, socket, {
        index: this.#history.length,
        url: `${base}${path}`,
        isResumeUrl: listener === 'resume',
        headers: request.headers,
        ...validated,
      });
      this.#history.push(connection);
      replayed?.begin(connection);
      this.#context.notifyChange();
    });
  }
}
