/** A shard in a thread of its manager's: a local one, with all it says told to the other side. */
import type { GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import type { SendPayload } from '../../protocol/packets.ts';
import type { SendOptions } from '../../shard.ts';
import type { DisconnectOptions } from '../../shard/closing.ts';
import type { RequestOptions } from '../../shard/guild-member-requests.ts';
import type { Logger } from '../../shard/logger.ts';
import { LocalShard } from '../local-shard.ts';
import { RELAYED } from '../manager-events.ts';
import type { Desk } from './desk.ts';
import { FarIdentifyGate } from './far-identify-gate.ts';
import { FarSessionStore } from './far-session-store.ts';
import type { CrossingOptions, Method, ShardOrder, Telling } from './messages.ts';
import type { Outbox } from './outbox.ts';
import { packError } from './packed-error.ts';

/** Who does not want its socket read. */
type Hold = 'manager' | 'port';

interface Host {
  readonly options: CrossingOptions;
  readonly outbox: Outbox;
  readonly desk: Desk;
}

export class HostedShard {
  readonly #key: number;
  readonly #outbox: Outbox;
  readonly #shard: LocalShard;
  readonly #holds = new Set<Hold>();
  #sessionId: string | null;
  #hasNews = false;
  #isDropped = false;
  #hearsRaw = false;

  constructor(key: number, { presence, session, ...order }: ShardOrder, { options, outbox, desk }: Host) {
    this.#key = key;
    this.#outbox = outbox;
    this.#sessionId = session?.sessionId ?? null;
    const tell = (telling: Telling): void => this.#tell(telling);
    this.#shard = new LocalShard({
      ...options,
      ...order,
      session,
      ...(presence === undefined ? {} : { presence }),
      sessionStore: new FarSessionStore(desk, tell),
      identifyGate: new FarIdentifyGate(desk, tell),
      logger: this.#logger(),
    });
    for (const name of RELAYED) this.#shard.on(name, (...args: readonly unknown[]) => this.#event(name, args));
    this.#shard.on('dispatch', (dispatch) => {
      if (!this.#isDropped) outbox.dispatch(key, dispatch);
    });
    if (outbox.isFull) this.hold('port');
  }

  /** Settles when it is done, and told. Never rejects. */
  async call(id: number, method: Method, args: readonly unknown[], signal: AbortSignal): Promise<void> {
    this.#hasNews = true;
    try {
      const value = await this.#methods[method](args, signal);
      this.#tell({ kind: 'settled', id, value, error: null });
    } catch (error) {
      this.#tell({ kind: 'settled', id, value: undefined, error: packError(error) });
    }
  }

  readonly #methods: Record<Method, (args: readonly unknown[], signal: AbortSignal) => Promise<unknown>> = {
    connect: (_, signal) => this.#shard.connect({ signal }),
    disconnect: ([options], signal) => this.#shard.disconnect({ ...(options as DisconnectOptions), signal }),
    reconnect: () => this.#shard.reconnect(),
    send: ([payload, options], signal) => this.#shard.send(payload as SendPayload, { ...(options as SendOptions), signal }),
    requestGuildMembers: ([request, options], signal) =>
      this.#shard.requestGuildMembers(request as GatewayRequestGuildMembersData, { ...(options as RequestOptions), signal }),
    heartbeat: () => this.#shard.heartbeat(),
    caughtUp: () => this.#shard.caughtUp(),
    idle: () => this.#shard.idle(),
  };

  hold(by: Hold): void {
    this.#holds.add(by);
    this.#shard.pause();
  }

  release(by: Hold): void {
    this.#holds.delete(by);
    if (this.#holds.size === 0) this.#shard.resume();
  }

  hearRaw(): void {
    if (this.#hearsRaw) return;
    this.#hearsRaw = true;
    this.#shard.on('raw', (packet) => this.#event('raw', [packet]));
  }

  forceClose(code: number | undefined): void {
    this.#shard.forceClose(code);
  }

  rewind(sequence: number): void {
    this.#shard.rewind(sequence);
    this.#tell({ kind: 'rewound' });
  }

  /** It is not listened to any more. */
  drop(): void {
    this.#isDropped = true;
    this.#shard.forceClose();
  }

  /** Tells how it is, if anything has happened since. */
  tellVitals(): void {
    if (!this.#hasNews || this.#isDropped) return;
    this.#hasNews = false;
    const { ping, pendingSends, health } = this.#shard;
    this.#outbox.tell(this.#key, { kind: 'vitals', vitals: { ping, pendingSends, ...health } });
  }

  #event(name: (typeof RELAYED)[number] | 'raw', args: readonly unknown[]): void {
    this.#tellSession();
    this.#tell({ kind: 'event', name, args: args.map((arg) => (arg instanceof Error ? packError(arg) : arg)) });
  }

  /** The other side must know of a session before it is given a dispatch of it. */
  #tellSession(): void {
    const { session } = this.#shard;
    const sessionId = session?.sessionId ?? null;
    if (sessionId === this.#sessionId) return;
    this.#sessionId = sessionId;
    this.#tell({ kind: 'session', session });
  }

  #tell(telling: Telling): void {
    if (this.#isDropped) return;
    this.#hasNews = true;
    this.#outbox.tell(this.#key, telling);
  }

  #logger(): Logger {
    const to = (level: keyof Logger) => (message: string) => this.#tell({ kind: 'log', level, message });
    return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  }
}
