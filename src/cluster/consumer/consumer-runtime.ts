/**
 * The inside of a consumer while it is started: the open engine, its membership in the group, and a reader for each stream
 * that it has. `DispatchConsumer` loads it with `start()`.
 */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../protocol/errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import { CommandClient } from '../commands/command-client.ts';
import type { LoggedDispatch } from '../ports/dispatch-log.ts';
import type { EngineConnection } from '../ports/engine.ts';
import type { Lease } from '../ports/ownership.ts';
import type { ConsumerHandlers } from './consumer-handlers.ts';
import type { ResolvedConsumerOptions } from './consumer-options.ts';
import { GroupMember } from './group-member.ts';
import { HandlerLanes } from './handler-lanes.ts';
import type { PullQueue } from './pull-queue.ts';
import { StreamReader } from './stream-reader.ts';
import { readStreamSnapshot } from './stream-snapshot.ts';
import { StreamWaiter } from './stream-waiter.ts';

interface ConsumerRuntimeOptions {
  readonly options: ResolvedConsumerOptions;
  readonly handlers: ConsumerHandlers;
  readonly pullQueue: PullQueue;
  readonly report: (error: GatewayError) => void;
}

/** How many entries one call reads. */
const MAX_READ = 256;
const RETRY_MS = 500;
/** How long a stop waits for an engine that is away. */
const ACK_TIMEOUT_MS = 5_000;

const stoppedError = (): GatewayError => new GatewayError('STOPPED', 'the consumer was stopped');

export class ConsumerRuntime {
  readonly #options: ConsumerRuntimeOptions;
  readonly #abort = new AbortController();
  readonly #lanes: HandlerLanes;
  readonly #readers = new Map<number, StreamReader>();
  /** Readers that wait until there is room. */
  readonly #full = new Set<StreamReader>();
  #reserved = 0;
  #stopListening: () => void = () => undefined;
  #isReadingTotal = false;
  #open: { readonly connection: EngineConnection; readonly commands: CommandClient; readonly total: number } | null =
    null;
  #waiter: StreamWaiter | null = null;
  #member: GroupMember | null = null;

  constructor(runtimeOptions: ConsumerRuntimeOptions) {
    const { options, handlers } = runtimeOptions;
    this.#options = runtimeOptions;
    this.#lanes = new HandlerLanes({
      clock: options.clock,
      concurrency: options.concurrency,
      limitMs: options.claimAfterMs,
      call: (entry) => handlers.call(entry),
      onRoom: () => this.onRoom(),
    });
  }

  /** The shard count of the bot. */
  get total(): number | null {
    return this.#open?.total ?? null;
  }

  get open(): {
    readonly connection: EngineConnection;
    readonly commands: CommandClient;
    readonly total: number;
  } | null {
    return this.#open;
  }

  async start(): Promise<void> {
    const { options, report } = this.#options;
    const { engine, clock, consumer: name, group, from } = options;
    const connection = await this.#openEngine();
    try {
      const plan = await this.#until(() => connection.plan());
      await this.#until(async () => {
        await connection.log.createGroup(group, from);
        return true;
      });
      const member = { name, instance: randomUUID() };
      const commands = new CommandClient({ bus: connection.commands, instance: member.instance, clock });
      this.#open = { connection, commands, total: plan.total };
      this.#stopListening = connection.ownership({ kind: 'shards' }).changes((onlyFor) => {
        // A shard that moves does not change how many there are.
        if (onlyFor === undefined) void this.#readTotal();
      });
      this.#waiter = new StreamWaiter(connection.log, clock);
      this.#member = new GroupMember({
        ownership: connection.ownership({ kind: 'group', group }),
        member,
        clock,
        leaseTtlMs: engine.leaseTtlMs,
        onGained: (lease) => this.#onGained(connection, lease),
        onLost: (shardId) => this.#onLost(shardId),
        drain: (shardId) => this.#drain(shardId),
        onRenewed: () => {
          this.#pump();
          void this.#readTotal();
        },
        report,
      });
      await this.#member.start();
    } catch (error) {
      if (this.#open === null) await connection.close();
      throw error;
    }
  }

  /** Begins nothing more. Resolves when the handlers have ended and the streams are given up. Never rejects. */
  async stop(): Promise<void> {
    this.#abort.abort(stoppedError());
    this.#stopListening();
    await this.#member?.stop();
    this.#open?.commands.close(stoppedError());
    await this.#open?.connection.close();
  }

  /** The bot may have been resharded: commands for a guild go to another shard then. */
  async #readTotal(): Promise<void> {
    const open = this.#open;
    if (open === null || this.#isReadingTotal) return;
    this.#isReadingTotal = true;
    try {
      const plan = await open.connection.plan();
      if (plan !== null) this.#open = { ...open, total: plan.total };
    } catch {
      // The next renewal asks again.
    } finally {
      this.#isReadingTotal = false;
    }
  }

  /** Wakes the readers that wait for room. */
  onRoom(): void {
    if (this.#full.size === 0 || this.#room <= 0) return;
    const readers = [...this.#full];
    this.#full.clear();
    for (const reader of readers) reader.wake();
  }

  #onGained(connection: EngineConnection, lease: Lease): void {
    const { options, report, pullQueue, handlers } = this.#options;
    const { clock, maxDeliveries, maxDeadLetters, events } = options;
    const reader = new StreamReader({
      lease,
      log: connection.log,
      clock,
      maxDeliveries,
      maxDeadLetters,
      targets: { handlers: this.#lanes, pulled: pullQueue },
      targetOf: (type) => {
        if (events?.has(type) === false) return null;
        if (handlers.has(type)) return 'handlers';
        return pullQueue.isOpen ? 'pulled' : null;
      },
      reserve: () => this.#reserve(),
      release: (count) => {
        this.#reserved -= count;
        this.onRoom();
      },
      onFull: (full) => this.#full.add(full),
      onIdle: (idle) => this.#waiter?.add(idle),
      isValid: (shardId) => this.#member?.isValid(shardId) === true,
      restored: (next) => this.#restored(connection, lease.shardId, next),
      report,
      onFenced: () => this.#member?.lose(lease),
    });
    this.#readers.set(lease.shardId, reader);
    reader.start();
  }

  #onLost(shardId: number): void {
    const reader = this.#readers.get(shardId);
    if (reader === undefined) return;
    this.#readers.delete(shardId);
    this.#full.delete(reader);
    this.#waiter?.remove(reader);
    reader.lose();
  }

  async #drain(shardId: number): Promise<void> {
    const { clock, claimAfterMs, engine } = this.#options.options;
    const reader = this.#readers.get(shardId);
    if (reader === undefined) return;
    this.#waiter?.remove(reader);
    // A handler that does not settle counts as failed after that time, and a delivery that is pulled too.
    await waitAtMost(clock, claimAfterMs + engine.leaseTtlMs, reader.drain(ACK_TIMEOUT_MS));
  }

  #pump(): void {
    this.#lanes.pump();
    this.#options.pullQueue.pump();
  }

  /** Without a handler and without a pull nothing is read: it would be acknowledged unread. */
  get #room(): number {
    const { handlers, pullQueue } = this.#options;
    if (handlers.isEmpty && !pullQueue.isOpen) return 0;
    const room = Math.min(handlers.isEmpty ? Infinity : this.#lanes.room, pullQueue.isOpen ? pullQueue.room : Infinity);
    return room - this.#reserved;
  }

  #reserve(): number {
    const count = Math.max(0, Math.min(MAX_READ, this.#room));
    this.#reserved += count;
    return count;
  }

  async *#restored(
    { journal }: EngineConnection,
    shardId: number,
    next: LoggedDispatch | undefined,
  ): AsyncGenerator<LoggedDispatch, void, undefined> {
    if (!this.#options.options.warmStart) return;
    try {
      yield* readStreamSnapshot(journal, shardId, next);
    } catch (cause) {
      this.#options.report(
        cause instanceof GatewayError
          ? cause
          : new GatewayError('SNAPSHOT_FAILED', `the guilds of shard ${shardId} can't be restored`, { cause }),
      );
    }
  }

  async #openEngine(): Promise<EngineConnection> {
    const { options, report } = this.#options;
    const { signal } = this.#abort;
    const reportOpen = (error: GatewayError): void => {
      if (!signal.aborted) report(error);
    };
    try {
      return await options.engine.open({ signal, report: reportOpen });
    } catch (error) {
      throw signal.aborted ? stoppedError() : error;
    }
  }

  /** Repeats a call until it has a result. An outage, and a bot without a node, are waited for. */
  async #until<T>(call: () => Promise<T | null>): Promise<T> {
    const { clock } = this.#options.options;
    const { signal } = this.#abort;
    for (;;) {
      if (signal.aborted) throw stoppedError();
      try {
        const result = await call();
        if (result !== null) return result;
      } catch (cause) {
        if (!(cause instanceof GatewayError) || cause.code !== 'ENGINE_UNAVAILABLE') throw cause;
      }
      await waitAtMost(
        clock,
        RETRY_MS,
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      );
    }
  }
}
