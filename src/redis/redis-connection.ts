/** An open engine on Redis. */
import type { ClusterPlan, EngineConnection } from '../cluster/ports/engine.ts';
import type { Ownership, OwnershipScope } from '../cluster/ports/ownership.ts';
import { RedisCommandBus } from './redis-command-bus.ts';
import type { RedisContext } from './redis-context.ts';
import { RedisDispatchLog } from './redis-dispatch-log.ts';
import { RedisIdentifyGate } from './redis-identify-gate.ts';
import { RedisJournal } from './redis-journal.ts';
import type { RedisKeyspace } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { RedisMessages } from './redis-messages.ts';
import { RedisOwnership } from './redis-ownership.ts';
import { invalidError } from './redis-failure.ts';
import { RedisSuccession } from './redis-succession.ts';
import type { RedisPlan } from './redis-succession.ts';

export interface RedisConnectionOptions {
  readonly link: RedisLink;
  readonly keyspace: RedisKeyspace;
  readonly leaseTtlMs: number;
}

export class RedisConnection implements EngineConnection {
  readonly journal: RedisJournal;
  readonly log: RedisDispatchLog;
  readonly commands: RedisCommandBus;
  readonly identifyGate: RedisIdentifyGate;
  readonly succession: RedisSuccession;
  readonly #context: RedisContext;

  constructor({ link, keyspace, leaseTtlMs }: RedisConnectionOptions) {
    const messages = new RedisMessages(link);
    this.succession = new RedisSuccession({ link, keyspace, leaseTtlMs });
    const plan = (): Promise<RedisPlan> => this.succession.agree(null, null);
    this.#context = { link, keyspace, messages, leaseTtlMs, plan };
    this.journal = new RedisJournal(this.#context);
    this.log = new RedisDispatchLog(this.#context);
    this.commands = new RedisCommandBus(this.#context);
    this.identifyGate = new RedisIdentifyGate(this.#context);
  }

  get isReachable(): boolean {
    return this.#context.link.isReachable;
  }

  onReachableChange(listener: (isReachable: boolean) => void): () => void {
    return this.#context.link.onReachableChange(listener);
  }

  /** The number of partitions is agreed on with it, because all nodes must find the same keys. */
  async agree(own: ClusterPlan): Promise<ClusterPlan> {
    const { length } = this.#context.keyspace.partitions;
    const { plan, partitions } = await this.succession.agree(own, length);
    if (partitions !== length)
      throw invalidError(`this app has ${partitions} partitions in Redis now, not ${length}: restart the node`);
    return plan ?? own;
  }

  async plan(): Promise<ClusterPlan | null> {
    return (await this.#context.plan()).plan;
  }

  ownership(scope: OwnershipScope): Ownership {
    return new RedisOwnership(this.#context, scope);
  }

  async close(): Promise<void> {
    this.#context.messages.close();
    this.#context.link.close();
  }
}
