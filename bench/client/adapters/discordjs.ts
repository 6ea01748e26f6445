/** `@discordjs/ws`, the gateway client of discord.js. */
import { REST } from '@discordjs/rest';
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { TOKEN } from '../../server/packets.ts';
import { countdown } from '../adapter.ts';
import type { CreateAdapter } from '../adapter.ts';

const create =
  (zlib: CompressionMethod): CreateAdapter =>
  ({ apiUrl, transport, shards, onDispatch }) => {
    const manager = new WebSocketManager({
      token: TOKEN,
      intents: 1,
      shardCount: shards,
      rest: new REST({ api: apiUrl.replace('/v10', ''), version: '10' }).setToken(TOKEN),
      compression: transport === 'zlib-stream' ? zlib : null,
      useIdentifyCompression: transport === 'payload',
      buildIdentifyThrottler: () => ({ waitForIdentify: () => Promise.resolve() }),
    });
    const { down, done } = countdown(shards);
    manager.on(WebSocketShardEvents.Ready, down);
    manager.on(WebSocketShardEvents.Dispatch, (dispatch) => onDispatch(dispatch));
    // What it says of a lost connection; without a listener it would be thrown.
    manager.on(WebSocketShardEvents.Error, () => undefined);
    return {
      connect: async () => {
        await manager.connect();
        await done;
      },
    };
  };

export { create as createWith };
