/** Every event of a cluster run that a check looks at. Checks only observe. */
import type { GatewayError } from '../../src/index.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { Lease } from '../../src/cluster/ports/ownership.ts';
import type { GatewaySession } from '../gateway-session.ts';
import type { SimGeneration } from './cluster-generations.ts';
import type { GuildEvent } from './cluster-guilds.ts';
import type { ClusterSocket } from './cluster-socket.ts';
import type { NodeProcess, ReshardCall } from './node-process.ts';

export interface ClusterEvents {
  /** An IDENTIFY arrives at the gateway. */
  identify: { proc: NodeProcess; shardId: number; session: GatewaySession };
  /** A RESUME arrives at the gateway. */
  resume: { proc: NodeProcess; sessionId: string; sequence: number };
  /** The gateway accepts a connection. */
  'gateway.accepted': { socket: ClusterSocket };
  'gateway.sent': { socket: ClusterSocket; packet: Packet };
  /** A frame arrives at the gateway. */
  'gateway.received': { socket: ClusterSocket; text: string };
  /** The gateway's end of a connection is closed. The code is `null` without a close frame. */
  'gateway.ended': { socket: ClusterSocket; by: 'shard' | 'gateway'; code: number | null };
  /** A shard closes its socket with a code. */
  'socket.closing': { proc: NodeProcess; code: number; session: GatewaySession | null };
  /** A node delivers a dispatch. */
  dispatched: { proc: NodeProcess; shardId: number; sessionId: string; index: number; event: GuildEvent | null };
  /** The engine has appended a dispatch to the stream of a shard. */
  appended: { shardId: number; sessionId: string; index: number; event: GuildEvent | null };
  /** The engine has accepted a write. */
  written: { lease: Lease };
  /** The engine has given a member a shard that an earlier owner did not release. */
  takenOver: { shardId: number; generation: number; from: string; by: string };
  /** The engine has other shards in service, or knows of no others any more. */
  inService: { from: SimGeneration; to: SimGeneration; isHandedOver: boolean };
  /** A call of `reshard()` has settled. */
  'reshard.settled': { call: ReshardCall };
  /** The engine has forgotten everything, or what was new. */
  forgotten: Readonly<Record<string, never>>;
  /** A fault is injected, or a process begins or ends. */
  happened: { name: string; what: string };
  fault: { proc: NodeProcess; error: GatewayError };
  uncaught: { error: unknown };
  /** The calm after a storm ends. */
  rested: Readonly<Record<string, never>>;
  /** All faults have ended, and the time to recover is over. */
  recovered: Readonly<Record<string, never>>;
}

export type ClusterEventName = keyof ClusterEvents;

type Listener = (name: ClusterEventName, event: ClusterEvents[ClusterEventName]) => void;

export class ClusterLog {
  readonly #listeners: Listener[] = [];
  /** By event, in the order in which they were added. Those of `#listeners` are in each. */
  readonly #byName = new Map<ClusterEventName, Listener[]>();

  on<Name extends ClusterEventName>(name: Name, listener: (event: ClusterEvents[Name]) => void): void {
    this.#of(name).push((_, event) => listener(event as ClusterEvents[Name]));
  }

  onAll(listener: Listener): void {
    this.#listeners.push(listener);
    for (const listeners of this.#byName.values()) listeners.push(listener);
  }

  record<Name extends ClusterEventName>(name: Name, event: ClusterEvents[Name]): void {
    for (const listener of this.#of(name)) listener(name, event);
  }

  #of(name: ClusterEventName): Listener[] {
    let listeners = this.#byName.get(name);
    if (listeners === undefined) {
      listeners = [...this.#listeners];
      this.#byName.set(name, listeners);
    }
    return listeners;
  }
}
