/** What the demo of a cluster runs on: processes and Redis, or all in this process. */
import type { Engine } from '../../../index.ts';
import type { Delivered, NodeConfig, NodeMessage } from './messages.ts';

export interface DemoNode {
  /** Hands its shards over, and ends. */
  stop(): Promise<void>;
  /** Ends at once. */
  kill(): Promise<void>;
  /** Stands still, and goes on; `null` if that is not possible here. */
  readonly freeze: (() => void) | null;
  thaw(): void;
}

export interface DemoWorld extends AsyncDisposable {
  /** What the demo itself sees of the engine. It is never cut. */
  readonly engine: Engine;
  /** How texts name the engine. */
  readonly engineName: string;
  /** How texts name what is killed or stopped. */
  readonly nodeKind: string;
  startNode(config: NodeConfig, onMessage: (message: NodeMessage) => void): Promise<DemoNode>;
  /** Resolves when the consumer has started. Called once. */
  startConsumer(onDelivered: (delivered: Delivered) => void): Promise<void>;
  /** Nothing reaches the engine until `mend()`. */
  cut(): void;
  mend(): void;
}
