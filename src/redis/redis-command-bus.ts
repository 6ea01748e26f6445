/** The queues of commands in Redis, and the answers to those who sent them. */
import type { Command, CommandAnswer, CommandBus } from '../cluster/ports/command-bus.ts';
import type { Lease } from '../cluster/ports/ownership.ts';
import { isObject } from '../protocol/validation.ts';
import type { RedisContext } from './redis-context.ts';
import { assertHeld, encodeName, leaseArguments } from './redis-lease.ts';
import { COUNT_COMMANDS, END_COMMAND, SEND_COMMAND, TAKE_COMMANDS } from './scripts/commands.lua.ts';
import { Wakes } from './wakes.ts';

export class RedisCommandBus implements CommandBus {
  readonly #context: RedisContext;
  readonly #wakes: Wakes;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#wakes = new Wakes(context, { channel: 'queueNews', hasNews: (lease) => this.#hasNews(lease) });
  }

  async send(command: Command): Promise<void> {
    const { link, keyspace } = this.#context;
    const { id, shardId, from, timeoutMs } = command;
    const keys = keyspace.of(shardId);
    await link.run(
      SEND_COMMAND,
      [keys.of('queue', shardId), keys.of('commands', shardId), keys.of('seen', id)],
      [
        id,
        encodeName(from),
        keyOf(command),
        Math.ceil(timeoutMs),
        JSON.stringify(command),
        keys.queueNews(shardId),
        keys.of('answers', ''),
      ],
    );
  }

  async take(lease: Lease, count: number, underWay: readonly string[]): Promise<readonly Command[]> {
    const { link, keyspace } = this.#context;
    const { shardId } = lease;
    const keys = keyspace.of(shardId);
    this.#wakes.clear(lease);
    const reply = await link.run(
      TAKE_COMMANDS,
      [keys.leases(lease.scope), ...['queue', 'taken', 'commands'].map((name) => keys.of(name, shardId))],
      [...leaseArguments(lease), count, ...underWay],
    );
    const commands = assertHeld(reply, lease)
      .texts(1)
      .flatMap((text) => parseCommand(text) ?? []);
    if (commands.length >= count) this.#wakes.wake(lease);
    return commands;
  }

  async done(lease: Lease, command: Command, answer: CommandAnswer): Promise<void> {
    const { link, keyspace } = this.#context;
    const { shardId } = lease;
    const keys = keyspace.of(shardId);
    const reply = await link.run(
      END_COMMAND,
      [keys.leases(lease.scope), ...['taken', 'queue', 'commands'].map((name) => keys.of(name, shardId))],
      [
        ...leaseArguments(lease),
        command.id,
        keyOf(command),
        keys.of('answers', encodeName(command.from)),
        JSON.stringify(answer),
      ],
    );
    assertHeld(reply, lease);
  }

  wait(
    leases: readonly Lease[],
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly number[]> {
    return this.#wakes.wait(leases, options);
  }

  answers(instance: string, listener: (answer: CommandAnswer) => void): () => void {
    const { messages, keyspace } = this.#context;
    const ends = keyspace.partitions.map((keys) =>
      messages.subscribe(keys.of('answers', encodeName(instance)), (message) => {
        const answer = message === null ? null : parseAnswer(message);
        if (answer !== null) listener(answer);
      }),
    );
    return () => {
      for (const end of ends) end();
    };
  }

  async #hasNews({ shardId }: Lease): Promise<boolean> {
    const { link, keyspace } = this.#context;
    return (await link.run(COUNT_COMMANDS, [keyspace.of(shardId).of('queue', shardId)], [])).number(1) > 0;
  }
}

const keyOf = ({ key }: Command): string => (key === undefined ? '-' : encodeName(key));

/** Returns `null` for what no engine has written. */
function parseCommand(text: string): Command | null {
  try {
    const command: unknown = JSON.parse(text);
    return isObject(command) && typeof command['id'] === 'string' ? (command as unknown as Command) : null;
  } catch {
    return null;
  }
}

const KINDS: ReadonlySet<unknown> = new Set(['done', 'failed', 'superseded']);

function parseAnswer(text: string): CommandAnswer | null {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer) && typeof answer['id'] === 'string' && KINDS.has(answer['kind']))
      return answer as unknown as CommandAnswer;
  } catch {
    // Not an answer: somebody else has written to the channel.
  }
  return null;
}
