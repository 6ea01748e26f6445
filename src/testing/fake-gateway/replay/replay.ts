/**
 * The replay of a recording: it decides what becomes of each attempt of the client to connect. Each shard has a resume
 * URL of its own. At the main URL it shows only in IDENTIFY or RESUME which shard connects, so until then the shard whose
 * turn it is stands for it.
 */
import type { FakeConnection } from '../fake-connection.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { Latch } from '../latch.ts';
import { ConnectionPlayer } from './connection-player.ts';
import { MadeUpData } from './made-up-data.ts';
import type { ConnectionStretch, HostName, OutageStretch, ReplayScript } from './replay-script.ts';
import { ShardPlayer } from './shard-player.ts';

const IDENTIFY = 2;
const RESUME = 6;
/** The path of a resume URL. */
const SHARD_PATH = /^\/shard-(\d{1,6})(?:[/?]|$)/;
/** Clients refuse a shorter interval, and Discord sends none. */
const MIN_INTERVAL_MS = 50;

/** A connection whose client has not said yet which shard it is. */
export interface ReplayedConnection {
  /** The context of the gateway, with the interval and the latches of this connection. */
  readonly context: GatewayContext;
  /** Call it with the connection. */
  readonly begin: (connection: FakeConnection) => void;
}

export class Replay {
  readonly #context: GatewayContext;
  readonly #speed: number;
  readonly #shards: readonly ShardPlayer[];
  readonly #data: MadeUpData;
  readonly #players = new Set<ConnectionPlayer>();
  readonly #unfinished: Set<ShardPlayer>;
  readonly #timers = new Set<unknown>();

  constructor(context: GatewayContext, { shards }: ReplayScript, speed: number) {
    this.#context = context;
    this.#speed = speed;
    this.#shards = shards.map((script) => new ShardPlayer(script, context.clock.now()));
    this.#data = new MadeUpData(context.ids);
    this.#unfinished = new Set(this.#shards.filter(({ isOver }) => !isOver));
  }

  /** Whether everything that was recorded was played. */
  get isOver(): boolean {
    return this.#unfinished.size === 0;
  }

  /** Returns the outage that hits a new connection; `null` if it is accepted. */
  refusal(host: HostName, path: string): OutageStretch | null {
    const waiting = this.#waiting(path);
    const now = this.#context.clock.now();
    const outages = waiting.map((shard) => shard.outageAt(now, this.#speed, host));
    const [first] = outages;
    if (first === undefined || first === null || outages.includes(null)) return null;
    for (const shard of waiting) shard.refused();
    this.#check();
    return first;
  }

  /** Prepares the next connection. */
  connection(path: string): ReplayedConnection {
    const { settings, latches, resumeUrl } = this.#context;
    this.#check();
    const candidates = this.#waiting(path);
    const shard = candidates.find(({ nextConnection }) => nextConnection !== null);
    const stretch = shard?.nextConnection ?? null;
    const hello = new Latch();
    const answer = new Latch();
    hello.hold();
    answer.hold();
    const heartbeatIntervalMs =
      stretch === null
        ? settings.heartbeatIntervalMs
        : Math.max(MIN_INTERVAL_MS, Math.round(stretch.heartbeatIntervalMs / this.#speed));
    return {
      context: {
        ...this.#context,
        settings: { ...settings, heartbeatIntervalMs },
        latches: { ...latches, hello, ready: answer, resumed: answer },
        resumeUrlOf: (shardId) => `${resumeUrl}/shard-${shardId}`,
      },
      begin: (connection) => {
        if (stretch?.helloAfterMs !== null)
          this.#later((stretch?.helloAfterMs ?? 0) / this.#speed, () => hello.release());
        // Nobody else can it be, or it never comes to IDENTIFY, which would say who it is.
        const isKnown = candidates.length === 1 || stretch?.hasIdentified === false;
        const player =
          isKnown && shard !== undefined && stretch !== null ? this.#play(shard, stretch, connection, answer) : null;
        player?.begin('opened');
        void Promise.race([connection.waitFor(IDENTIFY), connection.waitFor(RESUME)]).then(
          () => (player ?? this.#identified(connection, answer))?.begin('identified'),
          () => undefined,
        );
      },
    };
  }

  /** Returns the shards that may be the one that connects. */
  #waiting(path: string): ShardPlayer[] {
    const [, id] = SHARD_PATH.exec(path) ?? [];
    return this.#shards.filter(
      ({ isConnected, isOver, script: { shardId } }) =>
        !isConnected && !isOver && (id === undefined || Number(id) === shardId),
    );
  }

  /** Ends the replay: no timer is left. */
  close(): void {
    for (const player of this.#players) player.stop();
    for (const timer of this.#timers) this.#context.clock.clearTimeout(timer);
  }

  /** Returns the player of the shard that the client has named; `null` if nothing is recorded for it. */
  #identified(connection: FakeConnection, answer: Latch): ConnectionPlayer | null {
    const shardId = connection.shard?.[0] ?? null;
    const shard = this.#shards.find(({ script, isConnected }) => script.shardId === shardId && !isConnected);
    const host = connection.isResumeUrl ? 'resume' : 'main';
    if (shard !== undefined && shard.outageAt(this.#context.clock.now(), this.#speed, host) !== null) {
      shard.refused();
      connection.terminate();
      return null;
    }
    const stretch = shard?.nextConnection ?? null;
    if (shard === undefined || stretch === null) {
      answer.release();
      return null;
    }
    const player = this.#play(shard, stretch, connection, answer);
    player.begin('opened');
    return player;
  }

  #play(shard: ShardPlayer, stretch: ConnectionStretch, connection: FakeConnection, answer: Latch): ConnectionPlayer {
    const { clock, sessions, notifyChange } = this.#context;
    const isLast = stretch === shard.script.stretches.at(-1);
    shard.isConnected = true;
    const player = new ConnectionPlayer(connection, stretch, answer, {
      clock,
      speed: this.#speed,
      data: this.#data,
      dispatch: ({ sessionId }, t, d) => {
        if (sessionId !== null) sessions.find(sessionId)?.dispatch(t, JSON.stringify(d));
      },
      onDone: () => {
        if (!isLast) return;
        this.#unfinished.delete(shard);
        notifyChange();
      },
    });
    this.#players.add(player);
    void connection.closed.then(() => {
      player.stop();
      this.#players.delete(player);
      shard.ended(clock.now());
      this.#check();
    });
    return player;
  }

  /** A shard that has nothing left to play is finished. */
  #check(): void {
    const finished = [...this.#unfinished].filter(({ isOver }) => isOver);
    for (const shard of finished) this.#unfinished.delete(shard);
    if (finished.length > 0) this.#context.notifyChange();
  }

  #later(delayMs: number, callback: () => void): void {
    const { clock } = this.#context;
    const timer = clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
  }
}
