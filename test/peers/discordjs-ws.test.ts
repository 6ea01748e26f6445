/** Runs the conformance tests with the gateway client of discord.js and Node's zlib. */
import { REST } from '@discordjs/rest';
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { describePeer, TOKEN } from './conformance.ts';

describePeer('@discordjs/ws', ({ gateway, compress, onDispatch }) => {
  const manager = new WebSocketManager({
    token: TOKEN,
    intents: 1,
    rest: new REST({ api: gateway.apiUrl.replace('/v10', ''), version: '10' }).setToken(TOKEN),
    compression: compress ? CompressionMethod.ZlibNative : null,
  });
  manager.on(WebSocketShardEvents.Dispatch, ({ t, d }) => onDispatch(t, d));
  // Emitted for a lost connection; without a listener it would throw.
  manager.on(WebSocketShardEvents.Error, () => undefined);
  return { start: () => manager.connect(), stop: () => manager.destroy() };
});
