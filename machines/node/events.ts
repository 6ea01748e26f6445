/** The events of a node's machine, and the commands it gives. */
import type { Failure } from '../manager/events.ts';

/** What the manager asks of its node. */
export type NodeCommand = { type: 'node.leave' };

/** What the engine, or the connection to it, reports. */
export type EngineEvent =
  | { type: 'engine.opened' }
  /** The engine can't be used at all. */
  | { type: 'engine.refused'; failure: Failure }
  | { type: 'entry.done' }
  | { type: 'entry.failed' }
  /** The engine has answered: what this node holds from now on is known. */
  | { type: 'renewal.done' }
  | { type: 'renewal.failed' }
  | { type: 'look.done'; isWatchful: boolean }
  | { type: 'look.failed' }
  /** The engine can be reached again. */
  | { type: 'engine.reachable' }
  /** Other members, or shards that other members hold. */
  | { type: 'cluster.changed' }
  | { type: 'handOver.done' }
  | { type: 'departure.done' };

/** What the node notices about its own process. */
export type ProcessEvent =
  /** The process did not run, for so long that its leases have ended. */
  { type: 'process.woke' };

/** Every event of a node's machine. */
export type NodeEvent = NodeCommand | EngineEvent | ProcessEvent;

/** What the machine sends to the actor `engine`. Only the answer to the latest `renew` and to the latest `look` counts. */
export type EngineCommand =
  /** Adds the node to the members. */
  | { type: 'enter' }
  /** Renews the node and its leases. */
  | { type: 'renew' }
  /** Looks who holds what. Then claims shards, and releases those that others should have. */
  | { type: 'look' }
  /** Holds dispatches back, and lets no shard connect. */
  | { type: 'suspend' }
  /** Ends what `suspend` began. */
  | { type: 'resume' }
  /** Closes all shards, and releases each to another node. */
  | { type: 'handOver' }
  /** Removes the node from the members, and closes the connection to the engine. */
  | { type: 'depart' };

/** What the machine of a node emits. */
export type NodeEmitted = { type: 'failed'; failure: Failure };
