/**
 * The vocabulary of a fleet's life. Families by origin: `manager.*` is what the user asks, `info.*` what
 * `GET /gateway/bot` answers, `fleet.*` what becomes of the shards in service, `successor.*` of those that are to
 * take over from them.
 */

/** What Discord says about how to connect. @see https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export interface GatewayInfo {
  readonly url: string;
  /** How many shards Discord recommends. */
  readonly shards: number;
  readonly sessionStartLimit: SessionStartLimit;
}

/** @see https://discord.com/developers/docs/events/gateway#session-start-limit-object */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  readonly maxConcurrency: number;
}

/** Why something ended: an error, of which the machine knows only what it says. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type ManagerCommand =
  | { type: 'manager.connect' }
  | { type: 'manager.disconnect' }
  | { type: 'manager.reshard'; total: number }
  /** Gives up a resharding; the shards in service stay. */
  | { type: 'manager.cancelReshard' };

export type InfoEvent =
  | { type: 'info.received'; info: GatewayInfo }
  /** May be better next time; `retryAfterMs` is what the answer asked for. */
  | { type: 'info.unavailable'; failure: Failure; retryAfterMs: number | null }
  | { type: 'info.refused'; failure: Failure };

export type FleetEvent =
  /** Every shard is ready, or has failed for a reason of its own. */
  | { type: 'fleet.settled' }
  /** A shard has failed for a reason that all share. */
  | { type: 'fleet.failed'; failure: Failure }
  /** No shard has a socket any more. */
  | { type: 'fleet.closed' };

export type SuccessorEvent =
  | { type: 'successor.ready' }
  /** A shard lost its connection in the middle of the hand-over: the shards in service go on until it is back. */
  | { type: 'successor.connectionLost' }
  | { type: 'successor.inService' }
  | { type: 'successor.failed'; failure: Failure };

export type ManagerEvent = ManagerCommand | InfoEvent | FleetEvent | SuccessorEvent;

/** What the machine tells the fleet to do. */
export type FleetCommand =
  /** Starts the shards that are not up. */
  | { type: 'launch'; info: GatewayInfo }
  /** Brings up the shards that are to take over. */
  | { type: 'prepare'; info: GatewayInfo; total: number }
  | { type: 'handOver' }
  /** Sends the successor away. */
  | { type: 'discardSuccessor' };

/** What the machine tells the world. */
export type ManagerEmitted =
  | { type: 'unavailable'; failure: Failure }
  | { type: 'reshardRefused'; failure: Failure }
  | { type: 'reshardUnaffordable'; total: number; info: GatewayInfo }
  | { type: 'failed'; failure: Failure };
