/** Runs the processes: one gateway for the whole run, and a new client for each case and round, or for each group. */
import { join } from 'node:path';
import { CLIENTS } from './clients.ts';
import type { ClientId } from './clients.ts';
import type { ClientProcedures } from './client/main.ts';
import { RemoteProcess } from './rpc.ts';
import type { GatewayProcedures } from './server/main.ts';
import type { GatewaySetup } from './server/gateway-setup.ts';

const GATEWAY = join(import.meta.dirname, 'server', 'main.ts');
const CLIENT = join(import.meta.dirname, 'client', 'main.ts');

export interface Connected {
  readonly gateway: RemoteProcess<GatewayProcedures>;
  readonly client: RemoteProcess<ClientProcedures>;
}

/** One of several clients that are connected at the same time. */
export interface Member extends Connected {
  readonly id: ClientId;
  /** Its number at the gateway, for `replayOn`; of its log, for `heartbeats`. */
  readonly connection: number;
  readonly log: number;
}

/** The settings of the gateway that don't depend on the client. */
export type RunSetup = Omit<GatewaySetup, 'transport' | 'helloAfterMs' | 'joins'>;

export interface ClientRun {
  readonly client: ClientId;
  readonly setup: RunSetup;
  /** The file in `client/adapters`. Default: the client's own. */
  readonly adapter?: string;
  /** The threads of a manager. Default 0. */
  readonly workers?: number;
  /** Whether to reconnect without waits. Default false. */
  readonly withoutBackoff?: boolean;
  /** Called when the client's code is loaded, before it connects. */
  readonly beforeConnect?: (client: RemoteProcess<ClientProcedures>) => Promise<void>;
}

/** The process of a client that has loaded its code. */
interface Loaded {
  readonly run: ClientRun;
  readonly client: RemoteProcess<ClientProcedures>;
}

/**
 * Node strips the types of the sources with WebAssembly in each thread, which can crash V8; see test/kit/v8-flags.ts.
 * Without threads, the clients run with the flags of a user.
 */
const THREAD_FLAGS = ['--wasm-wrapper-tiering-budget=2147483647'];

export class Harness {
  readonly #gateway = new RemoteProcess<GatewayProcedures>(GATEWAY);
  readonly #clients = new Set<RemoteProcess<ClientProcedures>>();

  /** Sets up the gateway, connects a new client, and kills it when `work` has finished. */
  async run<T>(run: ClientRun, work: (connected: Connected) => Promise<T>): Promise<T> {
    const client = this.#start(run);
    try {
      await this.#load({ run, client });
      await run.beforeConnect?.(client);
      await this.#connect({ run, client }, false);
      return await work({ gateway: this.#gateway, client });
    } finally {
      await this.#kill(client);
    }
  }

  /**
   * Connects several clients, which stay connected together until `work` has finished. `onFailure` is called for a
   * client that can't be connected; `work` does not get it.
   */
  async runTogether<T>(
    runs: readonly ClientRun[],
    onFailure: (client: ClientId, error: unknown) => void,
    work: (members: readonly Member[]) => Promise<T>,
  ): Promise<T> {
    const loaded = runs.map((run): Loaded => ({ run, client: this.#start(run) }));
    try {
      const loads = await Promise.allSettled(loaded.map((each) => this.#load(each)));
      const members: Member[] = [];
      for (const [index, each] of loaded.entries()) {
        try {
          const load = loads[index];
          if (load?.status === 'rejected') throw load.reason;
          await each.run.beforeConnect?.(each.client);
          await this.#connect(each, members.length > 0);
          const numbers = await this.#gateway.call('newest', undefined);
          members.push({ gateway: this.#gateway, client: each.client, id: each.run.client, ...numbers });
        } catch (error) {
          onFailure(each.run.client, error);
        }
      }
      return await work(members);
    } finally {
      await Promise.all(loaded.map(({ client }) => this.#kill(client)));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway.kill(), ...[...this.#clients].map((client) => client.kill())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start({ workers = 0 }: ClientRun): RemoteProcess<ClientProcedures> {
    const client = new RemoteProcess<ClientProcedures>(CLIENT, ['--expose-gc', ...(workers > 0 ? THREAD_FLAGS : [])]);
    this.#clients.add(client);
    return client;
  }

  async #load({ run, client }: Loaded): Promise<void> {
    const { adapter, nativeZlib = false } = CLIENTS[run.client];
    await client.call('load', { adapter: run.adapter ?? adapter, nativeZlib });
  }

  async #connect({ run, client }: Loaded, joins: boolean): Promise<void> {
    const { setup, withoutBackoff = false, workers = 0 } = run;
    const { transport, variant = 'all', nativeZlib = false, helloAfterMs = 0 } = CLIENTS[run.client];
    const addresses = await this.#gateway.call('setUp', { ...setup, transport, helloAfterMs, joins });
    const { shards } = setup;
    await client.call('connect', { ...addresses, transport, shards, variant, nativeZlib, withoutBackoff, workers });
  }

  async #kill(client: RemoteProcess<ClientProcedures>): Promise<void> {
    await client.kill();
    this.#clients.delete(client);
  }
}
