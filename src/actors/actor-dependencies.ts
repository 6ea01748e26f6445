/**
 * How an actor finds the shard it works for. All shards run one machine with the same actors, because a copy for each
 * shard would hold more memory than the rest of an idle shard. The shard is not in the input of its actors either:
 * inspectors see the machine, inputs and events, and must not see a shard's inside and its token. So an actor asks by
 * the system it runs in, of which each shard has its own.
 */
import type { AnyActorRef } from 'xstate';
import type { ConnectionDelegate } from '../connection/connection-delegate.ts';
import type { ConnectionSlot } from '../connection/connection-slot.ts';
import type { GuardedIdentifyRequest, IdentifyPermit } from '../identify/identify-gate.ts';
import type { StartGuard } from '../identify/start-guard.ts';
import type { ClaimedSessionStore } from '../session/claimed-session-store.ts';
import type { SessionLedger } from '../session/session-ledger.ts';

type System = AnyActorRef['system'];

/** The inside of a shard as its actors see it. `ShardRuntime` implements it. */
export interface ActorDependencies extends ConnectionDelegate {
  readonly options: ConnectionDelegate['options'] & {
    readonly identifyGate: { acquire(request: GuardedIdentifyRequest): Promise<IdentifyPermit> };
    readonly random: () => number;
  };
  readonly connectionSlot: ConnectionSlot;
  readonly sessionLedger: SessionLedger;
  readonly sessionStore: ClaimedSessionStore;
  /** Restores the guilds; `null` without `warmStart`. */
  readonly warmStart: { deliver(signal: AbortSignal): Promise<void> } | null;
  readonly startGuard: StartGuard;
  /** Another process has had the shard since its session was last used here. */
  markOutdated(): void;
  reportBudgetSpent(retryAfterMs: number): void;
}

const dependenciesBySystem = new WeakMap<System, ActorDependencies>();

export function setDependencies(system: System, dependencies: ActorDependencies): void {
  dependenciesBySystem.set(system, dependencies);
}

export function dependenciesOf(system: System): ActorDependencies {
  const dependencies = dependenciesBySystem.get(system);
  if (dependencies === undefined)
    throw new Error('this actor system has no dependencies: call setDependencies() first');
  return dependencies;
}
