/** The fake gateway itself: opens the doors, keeps the connections, and holds the faults that concern them all. */
import type { IncomingMessage } from 'node:http';
import { HttpListener } from './http-listener.ts';
import { FakeConnection } from './fake-connection.ts';
import { rejectForeign, validateUpgrade } from './upgrade-validation.ts';
import { Guilds } from './guilds.ts';
import { Latch } from './latch.ts';
import { serveHttp } from './http-api.ts';
import { Ids } from './ids.ts';
import { Members } from './members.ts';
import type { Complaint } from '../oracle/complaint.ts';
import { createStrictOracle } from './strict-oracle.ts';
import type { FakeGatewayOptions, Settings } from './options.ts';
import { resolveSettings } from './options.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { GatewayContext } from './gateway-context.ts';
import { SessionStarts } from './session-starts.ts';
import { Sessions } from './sessions.ts';
import type { FakeGatewayStats } from './stats.ts';
import { Stats } from './stats.ts';
import { Waiters } from './waiters.ts';

/** Which new connections {@link FakeGateway.refuse} turns away. */
export interface RefuseOptions {
  /**
   * Those to the main URL.
   * @defaultValue true if neither `main` nor `resume` is given
   */
  main?: boolean;
  /**
   * Those to the resume URL.
   * @defaultValue true if neither `main` nor `resume` is given
   */
  resume?: boolean;
  /**
   * The HTTP status they get; 0 drops the TCP connection without an answer.
   * @defaultValue 520
   */
  status?: number;
}

type ListenerName = 'main' | 'resume';

const DEFAULT_REFUSAL_STATUS = 520;

/**
 * A gateway on loopback that behaves as Discord documents, and is as strict. Bots are tested against it.
 * @example
 * ```ts
 * await using gateway = await FakeGateway.listen({ token: 'secret', readyGuilds: 2 });
 * // connect a client to gateway.url, then
 * const connection = await gateway.waitForConnection((c) => c.sessionId !== null);
 * gateway.dispatch('MESSAGE_CREATE', { id: '1', content: 'hi' });
 * connection.terminate();
 * ```
 */
export class FakeGateway {
  readonly #settings: Settings;
  readonly #context: GatewayContext;
  readonly #listeners: Readonly<Record<ListenerName, HttpListener>>;
  readonly #waiters: Waiters;
  readonly #history: FakeConnection[] = [];
  readonly #refusals = new Map<ListenerName, number>();
  readonly #ignoresCloses = { value: false };
  #closing: Promise<void> | null = null;

  private constructor(settings: Settings, stats: Stats, listeners: Record<ListenerName, HttpListener>) {
    const ids = new Ids(settings.seed);
    const waiters = new Waiters();
    this.#settings = settings;
    this.#listeners = listeners;
    this.#waiters = waiters;
    this.#context = {
      settings,
      clock: settings.clock,
      ids,
      stats,
      sessions: new Sessions(settings, ids, stats),
      starts: new SessionStarts(settings),
      guilds: new Guilds(settings, ids),
      members: new Members(settings, ids),
      oracle: settings.strict ? createStrictOracle(settings, listeners.main.port) : null,
      latches: { hello: new Latch(), ready: new Latch(), resumed: new Latch(), members: new Latch() },
      resumeUrl: `ws://127.0.0.1:${listeners.resume.port}`,
      userId: ids.snowflake('user'),
      applicationId: ids.snowflake('application'),
      notifyChange: () => waiters.checkAll(),
    };
  }

  /**
   * Starts to listen on 127.0.0.1, on two ports: the main one and the one of the resume URL.
   * @throws the error of `net.Server` if the port is taken.
   */
  static async listen(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const settings = resolveSettings(options);
    const started: { gateway?: FakeGateway } = {};
    const handlers = (name: ListenerName): Parameters<typeof HttpListener.open>[1] => ({
      onRequest: (request, response) => {
        const { gateway } = started;
        if (gateway === undefined) response.destroy();
        else void serveHttp({ settings, starts: gateway.#context.starts, url: gateway.url }, request, response);
      },
      onUpgrade: (request, accept, reject) => {
        if (started.gateway === undefined) reject(0, '');
        else started.gateway.#onUpgrade(name, request, accept, reject);
      },
    });
    const main = await HttpListener.open(settings.port, handlers('main'));
    const resume = await HttpListener.open(0, handlers('resume'));
    const gateway = new FakeGateway(settings, new Stats(), { main, resume });
    started.gateway = gateway;
    return gateway;
  }

  /** The main WebSocket URL: `ws://127.0.0.1:PORT`. */
  get url(): string {
    return `ws://127.0.0.1:${this.#listeners.main.port}`;
  }

  /** The URL READY gives for resuming: another port of the same gateway. */
  get resumeUrl(): string {
    return this.#context.resumeUrl;
  }

  /** Base of the HTTP API: `http://127.0.0.1:PORT/api/v10`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#listeners.main.port}/api/v10`;
  }

  /** Open connections in order of arrival. */
  get connections(): readonly FakeConnection[] {
    return this.#history.filter((connection) => connection.isOpen);
  }

  /** All connections there have been, in order of arrival. */
  get history(): readonly FakeConnection[] {
    return this.#history;
  }

  /** What was counted so far, and what clients did wrong. */
  get stats(): FakeGatewayStats {
    return this.#context.stats;
  }

  /** What the oracle of a strict gateway has found; empty without `strict`. Absences are found with the next frame, or the end. */
  get complaints(): readonly Complaint[] {
    return this.#context.oracle?.complaints ?? [];
  }

  /**
   * Sends an event to every session, or to those of one shard, or to those whose shard a guild belongs to. Sessions
   * without a connection get it when they are resumed. `d` is taken as it is now.
   */
  dispatch(t: string, d: unknown, to: { shardId?: number; guildId?: string } = {}): void {
    this.#context.sessions.dispatch(t, d, to);
  }

  /**
   * Settles with the first open connection the predicate holds for, now or as soon as there is one; the predicate is
   * asked again whenever something happens. Rejects when the gateway closes.
   * @defaultValue predicate: any connection
   */
  waitForConnection(predicate: (connection: FakeConnection) => boolean = () => true): Promise<FakeConnection> {
    return this.#waiters.until(() => this.connections.find(predicate));
  }

  /**
   * Settles when something is true of the gateway, its {@link FakeGateway.history} or {@link FakeGateway.stats}, asked
   * whenever something happens. Rejects when the gateway closes.
   */
  async waitUntil(predicate: (gateway: FakeGateway) => boolean): Promise<void> {
    await this.#waiters.until(() => (predicate(this) ? true : undefined));
  }

  /** Turns new connections away until {@link FakeGateway.accept}; open ones and the HTTP API go on. */
  refuse({ main, resume, status = DEFAULT_REFUSAL_STATUS }: RefuseOptions = {}): void {
    const both = main === undefined && resume === undefined;
    if (both || main === true) this.#refusals.set('main', status);
    if (both || resume === true) this.#refusals.set('resume', status);
  }

  /** Undoes {@link FakeGateway.refuse}. */
  accept(): void {
    this.#refusals.clear();
  }

  /** New connections get no HELLO until {@link FakeGateway.releaseHello}. */
  holdHello(): void {
    this.#context.latches.hello.hold();
  }

  /** Sends HELLO to those that wait for it. */
  releaseHello(): void {
    this.#context.latches.hello.release();
  }

  /** IDENTIFY is accepted, but READY does not come until {@link FakeGateway.releaseReady}. */
  holdReady(): void {
    this.#context.latches.ready.hold();
  }

  /** Sends the READYs held back. */
  releaseReady(): void {
    this.#context.latches.ready.release();
  }

  /** RESUME is accepted, but neither replay nor RESUMED come until {@link FakeGateway.releaseResumed}. */
  holdResumed(): void {
    this.#context.latches.resumed.hold();
  }

  /** Replays and sends the RESUMEDs held back. */
  releaseResumed(): void {
    this.#context.latches.resumed.release();
  }

  /** Request Guild Members is not answered until {@link FakeGateway.releaseMembers}. */
  holdMembers(): void {
    this.#context.latches.members.hold();
  }

  /** Gives the member answers held back. */
  releaseMembers(): void {
    this.#context.latches.members.release();
  }

  /** Leaves the close frames of all clients unanswered, now and later; see {@link FakeConnection.ignoreCloses}. */
  ignoreCloses(): void {
    this.#ignoresCloses.value = true;
    for (const connection of this.connections) connection.ignoreCloses();
  }

  /** Drops every connection and stops listening. May be called twice; nothing is left open when it settles. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** {@link FakeGateway.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
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
    const validated = validateUpgrade(request, this.#settings);
    if ('status' in validated) {
      const { clock, stats } = this.#context;
      if (validated.isViolation)
        stats.violations.push({ code: null, what: validated.what, connection: null, at: clock.now() });
      reject(validated.status, validated.what);
      return;
    }
    accept((socket) => {
      if (this.#ignoresCloses.value) socket.answersCloses = false;
      const base = listener === 'main' ? this.url : this.resumeUrl;
      const connection = new FakeConnection(this.#context, socket, {
        index: this.#history.length,
        url: `${base}${request.url ?? ''}`,
        isResumeUrl: listener === 'resume',
        headers: request.headers,
        ...validated,
      });
      this.#history.push(connection);
      this.#context.notifyChange();
    });
  }
}
