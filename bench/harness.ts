/** Runs the processes: one gateway for the whole run, and one client for each case and round. */
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

/** The settings of the gateway that don't depend on the client. */
export type RunSetup = Omit<GatewaySetup, 'transport' | 'helloAfterMs'>;

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

export class Harness {
  readonly #gateway = new RemoteProcess<GatewayProcedures>(GATEWAY);
  readonly #clients = new Set<RemoteProcess<ClientProcedures>>();

  /** Sets up the gateway, connects a new client, and kills it when `work` has finished. */
  async run<T>(
    { client: id, setup, withoutBackoff = false, workers = 0, beforeConnect, adapter: adapterOverride }: ClientRun,
    work: (connected: Connected) => Promise<T>,
  ): Promise<T> {
    const { adapter, transport, variant = 'all', nativeZlib = false, helloAfterMs = 0 } = CLIENTS[id];
    const gateway = this.#gateway;
    const addresses = await gateway.call('setUp', { ...setup, transport, helloAfterMs });
    // The flag prevents a crash of V8 with worker threads; see test/kit/v8-flags.ts.
    const client = new RemoteProcess<ClientProcedures>(CLIENT, [
      '--expose-gc',
      '--wasm-wrapper-tiering-budget=2147483647',
    ]);
    this.#clients.add(client);
    try {
      await client.call('load', { adapter: adapterOverride ?? adapter, nativeZlib });
      await beforeConnect?.(client);
      const { shards } = setup;
      const options = { ...addresses, transport, shards, variant, nativeZlib, withoutBackoff, workers };
      await client.call('connect', options);
      return await work({ gateway, client });
    } finally {
      await client.kill();
      this.#clients.delete(client);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway.kill(), ...[...this.#clients].map((client) => client.kill())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
