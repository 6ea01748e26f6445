/** `@discordjs/ws`, the gateway client of discord.js. */
import { REST } from '@discordjs/rest';
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { TOKEN } from '../../server/packets.ts';
import { countReady } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

export const create: CreateAdapter = ({ apiUrl, transport, shards, nativeZlib, onDispatch }) => {
  const zlib = nativeZlib ? CompressionMethod.ZlibSync : CompressionMethod.ZlibNative;
  const manager = new WebSocketManager({
    token: TOKEN,
    intents: 1,
    shardCount: shards,
    rest: new REST({ api: apiUrl.replace('/v10', ''), version: '10' }).setToken(TOKEN),
    compression: transport === 'zlib-stream' ? zlib : null,
    useIdentifyCompression: transport === 'payload',
    buildIdentifyThrottler: () => ({ waitForIdentify: () => Promise.resolve() }),
  });
  const ready = countReady(shards);
  manager.on(WebSocketShardEvents.Ready, ready.count);
  manager.on(WebSocketShardEvents.Dispatch, (dispatch) => onDispatch(dispatch));
  // Without a listener, the error of a lost connection would be thrown.
  manager.on(WebSocketShardEvents.Error, () => undefined);
  return { connect: () => ready.after(manager.connect()) };
};
