/**
 * The identify gate for the shards of a node. A request may wait through an outage, after which another node has the shard.
 * So each carries the lease of its shard, and the engine checks it when it grants the permit.
 */
import type { IdentifyBudget, IdentifyGate, IdentifyPermit, IdentifyRequest } from '../../identify/identify-gate.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { EngineIdentifyGate } from '../ports/engine.ts';
import type { HeldShard } from './held-shard.ts';
import { isFenced } from '../engine-errors.ts';

interface NodeIdentifyGateOptions {
  readonly gate: EngineIdentifyGate;
  readonly held: ReadonlyMap<number, HeldShard>;
  /** Another node has the shard. */
  readonly onFenced: (held: HeldShard) => void;
}

export class NodeIdentifyGate implements IdentifyGate {
  readonly #options: NodeIdentifyGateOptions;

  constructor(options: NodeIdentifyGateOptions) {
    this.#options = options;
  }

  get waiting(): number | undefined {
    return this.#options.gate.waiting;
  }

  get budget(): IdentifyBudget | null | undefined {
    return this.#options.gate.budget;
  }

  get spacingMs(): number | undefined {
    return this.#options.gate.spacingMs;
  }

  async acquire(request: IdentifyRequest): Promise<IdentifyPermit> {
    const { gate, held: all, onFenced } = this.#options;
    const held = all.get(request.shardId);
    if (held === undefined) throw new GatewayError('FENCED', `this node does not hold shard ${request.shardId}`);
    try {
      return await gate.acquire({ ...request, lease: held.lease });
    } catch (error) {
      if (isFenced(error)) onFenced(held);
      throw error;
    }
  }
}
