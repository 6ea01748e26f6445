/** The strategy on `@discordjs/ws` 1, the version of discord.js 14. */
import { WebSocketManager } from '@discordjs/ws';
import type { CreateWebSocketManagerOptions } from '@discordjs/ws';
import { describeStrategy } from '../kit/ws-strategy-conformance.ts';
import type { TestedWs, TestedWsOptions } from '../kit/ws-strategy-conformance.ts';

/** The field of the object that carries the value of an event. The values of a heartbeat are its own fields. */
const FIELDS = ['code', 'message', 'data', 'error'];

describeStrategy('@discordjs/ws 1', {
  // Without a cast of buildStrategy: the compiler checks that the strategy fits.
  create: ({ buildStrategy, ...options }: TestedWsOptions) =>
    new WebSocketManager({
      ...(options as unknown as CreateWebSocketManagerOptions),
      buildStrategy,
    }) as unknown as TestedWs,
  on: (ws, name, listener) => {
    (ws as unknown as WebSocketManager).on(
      name as 'debug',
      (payload: { shardId: number; [field: string]: unknown }) => {
        const { shardId, ...values } = payload;
        const field = FIELDS.find((candidate) => candidate in values);
        listener(field === undefined ? values : values[field], shardId);
      },
    );
  },
});
