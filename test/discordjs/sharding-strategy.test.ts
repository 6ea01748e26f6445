/** The strategy on `@discordjs/ws` 2, the version of discord.js 15. */
import { WebSocketManager } from '@discordjs/ws';
import type { OptionalWebSocketManagerOptions, RequiredWebSocketManagerOptions } from '@discordjs/ws';
import { describeStrategy } from '../kit/ws-strategy-conformance.ts';
import type { TestedWs, TestedWsOptions } from '../kit/ws-strategy-conformance.ts';

type Options = RequiredWebSocketManagerOptions & Partial<OptionalWebSocketManagerOptions>;

describeStrategy('@discordjs/ws 2', {
  // Without a cast of buildStrategy: the compiler checks that the strategy fits.
  create: ({ buildStrategy, ...options }: TestedWsOptions) =>
    new WebSocketManager({ ...(options as Options), buildStrategy }) as unknown as TestedWs,
  on: (ws, name, listener) => {
    (ws as unknown as WebSocketManager).on(name as 'debug', (...args: unknown[]) =>
      listener(args.length > 1 ? args[0] : undefined, args.at(-1) as number),
    );
  },
});
