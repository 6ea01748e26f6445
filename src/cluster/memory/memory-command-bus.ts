/** The queues of commands, one a shard, and the answers to those who sent them. */
import type { Command, CommandAnswer } from '../ports/command-bus.ts';
import type { Lease } from '../ports/ownership.ts';
import { valueOf } from './memory-data.ts';
import type { QueueData, QueuedCommand } from './memory-data.ts';
import type { MemoryOwnership } from './memory-ownership.ts';
import type { MemoryStore } from './memory-store.ts';

export class MemoryCommandBus {
  readonly #store: MemoryStore;
  readonly #ownership: MemoryOwnership;

  constructor(store: MemoryStore, ownership: MemoryOwnership) {
    this.#store = store;
    this.#ownership = ownership;
  }

  send(command: Command): void {
    const queue = this.#queue(command.shardId);
    const now = this.#store.clock.now();
    this.#dropLate(queue);
    if (queue.seen.has(command.id)) return;
    const lateAt = now + command.timeoutMs;
    queue.seen.set(command.id, lateAt);
    const { key } = command;
    const superseded = key === undefined ? [] : queue.waiting.filter((other) => other.command.key === key);
    queue.waiting = [
      ...queue.waiting.filter((other) => !superseded.includes(other)),
      { command: structuredClone(command), lateAt },
    ];
    for (const { command: old } of superseded)
      this.#store.answers.publish(old.from, { id: old.id, kind: 'superseded' });
    this.#store.queueNews.publish(command.shardId);
  }

  take(lease: Lease, count: number, underWay: readonly string[]): readonly Command[] {
    this.#ownership.assertHeld(lease);
    const queue = this.#queue(lease.shardId);
    const isKnown = new Set(underWay);
    const all = [...queue.underWay, ...queue.waiting];
    const kept = all.filter(({ command }) => isKnown.has(command.id));
    queue.waiting = all.filter(({ command }) => !isKnown.has(command.id));
    this.#dropLate(queue);
    const taken = queue.waiting.slice(0, count);
    queue.waiting = queue.waiting.slice(count);
    queue.underWay = [...kept, ...taken];
    return taken.map(({ command }) => structuredClone(command));
  }

  done(lease: Lease, { id, from }: Command, answer: CommandAnswer): void {
    this.#ownership.assertHeld(lease);
    const queue = this.#queue(lease.shardId);
    const isOther = (entry: QueuedCommand): boolean => entry.command.id !== id;
    const [underWay, waiting] = [queue.underWay.filter(isOther), queue.waiting.filter(isOther)];
    if (underWay.length + waiting.length === queue.underWay.length + queue.waiting.length) return;
    queue.underWay = underWay;
    queue.waiting = waiting;
    this.#store.answers.publish(from, structuredClone(answer));
  }

  hasNews(shardId: number): boolean {
    const now = this.#store.clock.now();
    return this.#store.data.queues.get(shardId)?.waiting.some(({ lateAt }) => now < lateAt) ?? false;
  }

  #dropLate(queue: QueueData): void {
    const now = this.#store.clock.now();
    queue.waiting = queue.waiting.filter(({ lateAt }) => now < lateAt);
    for (const [id, lateAt] of queue.seen) if (lateAt <= now) queue.seen.delete(id);
  }

  #queue(shardId: number): QueueData {
    return valueOf(this.#store.data.queues, shardId, () => ({ underWay: [], waiting: [], seen: new Map() }));
  }
}
