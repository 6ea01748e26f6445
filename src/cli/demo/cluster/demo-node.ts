/** A node of the demo: a manager that publishes, and says what happens to its shards. */
import { ShardManager } from '../../../index.ts';
import type { Engine } from '../../../index.ts';
import { createInspector } from '../../../inspect/index.ts';
import { messageOf } from '../../../protocol/network-errors.ts';
import { INTENTS } from '../fake-content.ts';
import type { NodeConfig, NodeMessage } from './messages.ts';

export interface RunningNode {
  /** Hands the shards over, and leaves. */
  stop(): Promise<void>;
  /** Closes everything at once, without a word to the engine. */
  forceClose(): void;
}

export async function startDemoNode(
  { name, api, shards, timing, maxMovesPerSecond, inspect }: NodeConfig,
  engine: Engine,
  say: (message: NodeMessage) => void,
): Promise<RunningNode> {
  const inspector = inspect ? await createInspector() : null;
  if (inspector !== null) say({ kind: 'inspector', url: inspector.url });
  const manager = new ShardManager({
    proxy: false,
    token: 'fake-token',
    intents: INTENTS,
    shards,
    api,
    timing,
    engine,
    node: name,
    publish: true,
    rebalance: { maxMovesPerSecond },
    ...(inspector === null ? {} : { inspect: inspector.inspect }),
  });
  manager
    .on('claimed', (shardId) => say({ kind: 'claimed', shardId }))
    .on('released', (shardId, why) => say({ kind: 'released', shardId, why }))
    .on('stateChange', ({ from, to }, shardId) => {
      if (to === 'ready') say({ kind: 'up', shardId });
      else if (from === 'ready') say({ kind: 'down', shardId });
    })
    .on('fault', ({ code, message }) => say({ kind: 'fault', code, message }))
    .on('failed', ({ message }) => say({ kind: 'failed', message }));
  manager.connect().then(
    () => say({ kind: 'joined' }),
    (error: unknown) => say({ kind: 'failed', message: messageOf(error) }),
  );
  return {
    stop: async () => {
      await manager.disconnect();
      await inspector?.close();
    },
    forceClose: () => {
      manager.forceClose();
      void inspector?.close();
    },
  };
}
