/** The processes of a run: one gateway for all of it, and a client for each case and round. */
import { join } from 'node:path';
import { CLIENTS } from './clients.ts';
import type { ClientId } from './clients.ts';
import type { ClientProcedures } from './client/main.ts';
import { Remote } from './rpc.ts';
import type { GatewayProcedures } from './server/main.ts';
import type { Stage } from './server/stage.ts';

const GATEWAY = join(import.meta.dirname, 'server', 'main.ts');
const CLIENT = join(import.meta.dirname, 'client', 'main.ts');

export interface Connected {
  readonly gateway: Remote<GatewayProcedures>;
  readonly client: Remote<ClientProcedures>;
}

/** What does not depend on the client. */
export type Setting = Omit<Stage, 'transport' | 'helloAfterMs'>;

export interface Casting {
  readonly client: ClientId;
  readonly stage: Setting;
  /** The file in `client/subjects`. Default the client's. */
  readonly subject?: string;
  /** Of a manager. Default 0. */
  readonly workers?: number;
  /** Reconnect without waits. Default false. */
  readonly hasty?: boolean;
  /** Done when the client's code is loaded, before it connects. */
  readonly beforeConnect?: (client: Remote<ClientProcedures>) => Promise<void>;
}

export class Theatre {
  readonly #gateway = new Remote<GatewayProcedures>(GATEWAY);
  readonly #clients = new Set<Remote<ClientProcedures>>();

  /** Sets the stage, connects a fresh client, and ends it when `work` is done. */
  async perform<T>({ client: id, stage, hasty = false, workers = 0, beforeConnect, subject: given }: Casting, work: (connected: Connected) => Promise<T>): Promise<T> {
    const { subject, transport, variant = 'all', nativeZlib = false, helloAfterMs = 0 } = CLIENTS[id];
    const gateway = this.#gateway;
    const addresses = await gateway.call('set', { ...stage, transport, helloAfterMs });
    // The threads of a client compile no wrappers of WebAssembly: V8 may abort over those (test/kit/steady-wrappers.ts).
    const client = new Remote<ClientProcedures>(CLIENT, ['--expose-gc', '--wasm-wrapper-tiering-budget=2147483647']);
    this.#clients.add(client);
    try {
      await client.call('load', { subject: given ?? subject, nativeZlib });
      await beforeConnect?.(client);
      await client.call('connect', { ...addresses, transport, shards: stage.shards, variant, hasty, workers });
      return await work({ gateway, client });
    } finally {
      await client.end();
      this.#clients.delete(client);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway.end(), ...[...this.#clients].map((client) => client.end())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
