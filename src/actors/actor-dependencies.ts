/**
 * How an actor comes by the parts of the shard it works for. All shards run one machine, with the same actors in it: a
 * copy for each would hold more memory than all else of an idle shard. And what is in a machine, in the input of its
 * actors or in its events is shown to inspectors, which the parts of a shard, and its token above all, are not to be.
 * So an actor asks by the system it runs in, of which each shard has its own.
 */
import type { AnyActorRef } from 'xstate';

type System = AnyActorRef['system'];

export type ResolveDependencies<Dependencies> = (system: System) => Dependencies;

/** What runs in a system, for as long as the system is there. */
export class ActorDependencies<Dependencies> {
  readonly #bySystem = new WeakMap<System, Dependencies>();

  set(system: System, dependencies: Dependencies): void {
    this.#bySystem.set(system, dependencies);
  }

  readonly get: ResolveDependencies<Dependencies> = (system) => {
    const dependencies = this.#bySystem.get(system);
    if (dependencies === undefined) throw new Error('nothing was told of this actor system');
    return dependencies;
  };
}
