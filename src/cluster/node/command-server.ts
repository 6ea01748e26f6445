/**
 * Takes the commands for the shards that a node holds, in order, and carries them out within the limits of each shard.
 * A command that is taken and not sent stays under way: with the release of the shard it goes back to the head of the
 * queue, for the next owner.
 */
import { GatewayError } from '../../protocol/errors.ts';
import type { GatewayErrorCode } from '../../protocol/errors.ts';
import type { SendPayload } from '../../protocol/packets.ts';
import { fieldsOf, isTimeout } from '../../protocol/validation.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import type { ShardState } from '../../../machines/index.ts';
import type { CommandName } from '../commands/command-client.ts';
import type { Command, CommandAnswer } from '../ports/command-bus.ts';
import { isFenced, unexpectedError } from '../engine-errors.ts';
import type { HeldShard } from './held-shard.ts';
import type { NodeShard } from './node-host.ts';
import type { NodeSeat } from './session-recorder.ts';

/** How many commands of a shard may be under way. The shard sends them in order. */
const MAX_UNDER_WAY = 32;
const WAIT_MS = 5_000;
const RETRY_MS = 500;

/** A shard in one of these states sends nothing; the next owner does. */
const IDLE_STATES: ReadonlySet<ShardState> = new Set(['disconnecting', 'disconnected', 'failed']);

/** The shard has stopped before it could send. */
const UNSENT: ReadonlySet<GatewayErrorCode> = new Set(['STOPPED', 'NOT_CONNECTED', 'ABORTED']);

interface RunContext {
  readonly shard: NodeShard;
  readonly data: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** What each command does. The shard checks the data. */
const COMMANDS: Readonly<Record<CommandName, (context: RunContext) => Promise<unknown>>> = {
  send: ({ shard, data, signal }) =>
    shard.send(data['payload'] as SendPayload, { signal, ignoreRateLimit: data['ignoreRateLimit'] === true }),
  requestGuildMembers: ({ shard, data, signal }) => {
    const { timeoutMs } = data;
    const request = data['request'] as Parameters<NodeShard['requestGuildMembers']>[0];
    return shard.requestGuildMembers(request, isTimeout(timeoutMs) ? { signal, timeoutMs } : { signal });
  },
};

const isCommandName = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

/** The commands of one shard. */
interface Queue {
  readonly held: HeldShard;
  /** Those that are under way, by id. */
  readonly underWay: Map<string, AbortController>;
  /** Whether commands may be under way that this node has not got, or has not sent. */
  hasUnsent: boolean;
  isTaking: boolean;
}

export class CommandServer {
  readonly #seat: NodeSeat;
  readonly #queues = new Map<number, Queue>();
  #isRunning = false;
  /** Ends the wait for commands when other shards are held. */
  #wait = new AbortController();

  constructor(seat: NodeSeat) {
    this.#seat = seat;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.onHeldChange();
    void this.#run();
  }

  /** Called when the node holds other shards. */
  onHeldChange(): void {
    const { held } = this.#seat;
    for (const [shardId, queue] of this.#queues) if (held.get(shardId) !== queue.held) this.#drop(shardId, queue);
    for (const [shardId, each] of held)
      if (!this.#queues.has(shardId))
        this.#queues.set(shardId, { held: each, underWay: new Map(), hasUnsent: true, isTaking: false });
    this.#wait.abort();
  }

  /** Takes nothing more. What is under way and not sent is left to the next owner. */
  stop(): void {
    this.#isRunning = false;
    this.#wait.abort();
    for (const [shardId, queue] of this.#queues) this.#drop(shardId, queue);
  }

  #drop(shardId: number, queue: Queue): void {
    this.#queues.delete(shardId);
    for (const abort of queue.underWay.values()) abort.abort();
    queue.underWay.clear();
  }

  async #run(): Promise<void> {
    const { host } = this.#seat;
    while (this.#isRunning) {
      this.#wait = new AbortController();
      const { signal } = this.#wait;
      try {
        const unsent = [...this.#queues.values()].filter(({ hasUnsent }) => hasUnsent);
        await Promise.all(unsent.map((queue) => this.#take(queue)));
        await this.#takeNews(signal);
      } catch (cause) {
        this.#reportUnexpected(cause);
        await waitAtMost(host.clock, RETRY_MS, aborted(signal));
      }
    }
  }

  async #takeNews(signal: AbortSignal): Promise<void> {
    const { connection, host } = this.#seat;
    const leases = [...this.#queues.values()].filter((queue) => this.#mayTake(queue)).map(({ held }) => held.lease);
    if (leases.length === 0) return waitAtMost(host.clock, WAIT_MS, aborted(signal));
    const news = await connection.commands.wait(leases, { timeoutMs: WAIT_MS, signal });
    const queues = news.flatMap((shardId) => this.#queues.get(shardId) ?? []);
    await Promise.all(queues.map((queue) => this.#take(queue)));
    return undefined;
  }

  #mayTake({ held: { shardId }, underWay, isTaking }: Queue): boolean {
    const shard = this.#seat.host.shards.get(shardId);
    return !isTaking && underWay.size < MAX_UNDER_WAY && shard !== undefined && !IDLE_STATES.has(shard.state);
  }

  async #take(queue: Queue): Promise<void> {
    if (!this.#mayTake(queue)) return;
    const { connection } = this.#seat;
    const { held, underWay } = queue;
    queue.isTaking = true;
    queue.hasUnsent = false;
    try {
      const commands = await connection.commands.take(held.lease, MAX_UNDER_WAY - underWay.size, [...underWay.keys()]);
      if (this.#queues.get(held.shardId) !== queue) return;
      for (const command of commands) void this.#carryOut(queue, command);
    } catch (cause) {
      // The answer may be lost, and the commands taken.
      queue.hasUnsent = true;
      if (!isFenced(cause)) throw cause;
      this.#seat.onFenced(held);
    } finally {
      queue.isTaking = false;
    }
  }

  async #carryOut(queue: Queue, command: Command): Promise<void> {
    const { host } = this.#seat;
    const abort = new AbortController();
    queue.underWay.set(command.id, abort);
    let isLate = false;
    const timer = host.clock.setTimeout(() => {
      isLate = true;
      abort.abort();
    }, command.timeoutMs);
    const answer = await this.#answerTo(queue, command, abort.signal);
    host.clock.clearTimeout(timer);
    const { id } = command;
    const late = { id, kind: 'failed', code: 'NOT_DELIVERED', message: 'the shard could not send it in time' } as const;
    if (answer !== null) await this.#finish(queue, command, answer);
    else if (isLate) await this.#finish(queue, command, late);
    const wasFull = queue.underWay.size >= MAX_UNDER_WAY;
    queue.underWay.delete(id);
    if (answer === null && !isLate) queue.hasUnsent = true;
    if (wasFull) this.#wait.abort();
  }

  /** Resolves with `null` if the command was not sent. */
  async #answerTo({ held }: Queue, { id, name, data }: Command, signal: AbortSignal): Promise<CommandAnswer | null> {
    const shard = this.#seat.host.shards.get(held.shardId);
    if (shard === undefined) return null;
    try {
      if (!isCommandName(name))
        throw new GatewayError('INVALID_OPTIONS', 'this node does not know the command; it runs another version');
      const result = await COMMANDS[name]({ shard, data: fieldsOf(data), signal });
      return { id, kind: 'done', result: result ?? null };
    } catch (cause) {
      const error = cause instanceof GatewayError ? cause : new GatewayError('INTERNAL_ERROR', 'the command failed');
      return UNSENT.has(error.code) ? null : { id, kind: 'failed', code: error.code, message: error.message };
    }
  }

  /** Tries until the engine knows, or the shard is lost: the sender waits for it. */
  async #finish(queue: Queue, command: Command, answer: CommandAnswer): Promise<void> {
    const { connection, host } = this.#seat;
    while (this.#queues.get(queue.held.shardId) === queue) {
      try {
        return await connection.commands.done(queue.held.lease, command, answer);
      } catch (cause) {
        if (isFenced(cause)) return undefined;
        this.#reportUnexpected(cause);
        await waitAtMost(host.clock, RETRY_MS, new Promise(() => undefined));
      }
    }
    return undefined;
  }

  #reportUnexpected(cause: unknown): void {
    const error = unexpectedError(cause);
    if (error !== null) this.#seat.host.reportFault(error, null);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
