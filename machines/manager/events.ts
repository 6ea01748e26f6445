/**
 * The events of a manager's machine, named by where they come from. You send `manager.*`, and `GET /gateway/bot`
 * answers with `info.*`. The shards in service report with `fleet.*`, their successors in a resharding with
 * `successor.*`.
 */

/** How Discord wants the bot to connect. @see https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export interface GatewayInfo {
  readonly url: string;
  /** How many shards Discord recommends. */
  readonly shards: number;
  readonly sessionStartLimit: SessionStartLimit;
}

/**
 * How many sessions the bot may start.
 * @see https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  readonly maxConcurrency: number;
}

/** The code and message of the error behind a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What you ask a manager to do. */
export type ManagerCommand =
  | { type: 'manager.connect' }
  | { type: 'manager.disconnect' }
  | { type: 'manager.reshard'; total: number }
  /** Cancels a resharding; the shards in service stay. */
  | { type: 'manager.cancelReshard' };

/** What `GET /gateway/bot` answers. */
export type InfoEvent =
  | { type: 'info.received'; info: GatewayInfo }
  /** A failure that a retry may cure. `retryAfterMs` is the wait that the answer demanded. */
  | { type: 'info.unavailable'; failure: Failure; retryAfterMs: number | null }
  /** A failure that no retry can cure. */
  | { type: 'info.refused'; failure: Failure };

/** What the shards in service report. */
export type FleetEvent =
  /** Every shard is ready, or has failed for a reason of its own. */
  | { type: 'fleet.settled' }
  /** A shard has failed for a reason that all shards share. */
  | { type: 'fleet.failed'; failure: Failure }
  /** No shard has a socket any longer. */
  | { type: 'fleet.closed' };

/** What the second set of shards reports in a resharding. */
export type SuccessorEvent =
  | { type: 'successor.ready' }
  /** A successor lost its connection during the hand-over. The shards in service continue until it is back. */
  | { type: 'successor.connectionLost' }
  | { type: 'successor.inService' }
  | { type: 'successor.failed'; failure: Failure };

/** Every event of a manager's machine. */
export type ManagerEvent = ManagerCommand | InfoEvent | FleetEvent | SuccessorEvent;

/** What the machine sends to the actor `fleet`. */
export type FleetCommand =
  /** Starts the shards that are not connected. */
  | { type: 'launch'; info: GatewayInfo }
  /** Starts the shards that are to take over. */
  | { type: 'prepare'; info: GatewayInfo; total: number }
  /** Replaces the shards in service by their successors. */
  | { type: 'handOver' }
  /** Closes the successors. */
  | { type: 'discardSuccessor' };

/** What the machine of a manager emits. */
export type ManagerEmitted =
  | { type: 'unavailable'; failure: Failure }
  | { type: 'reshardRefused'; failure: Failure }
  | { type: 'reshardUnaffordable'; total: number; info: GatewayInfo }
  | { type: 'failed'; failure: Failure };
