/** The demo without Redis: nodes and consumer are in this process, and so is what they share. */
import { systemClock } from '../../../index.ts';
import type { DispatchConsumer, Engine } from '../../../index.ts';
import { MemoryLine } from '../../../cluster/memory/memory-line.ts';
import { MemoryServer } from '../../../cluster/memory/memory-server.ts';
import { startDemoConsumer } from './demo-consumer.ts';
import { startDemoNode } from './demo-node.ts';
import type { RunningNode } from './demo-node.ts';
import type { Delivered, NodeConfig, NodeMessage } from './messages.ts';
import type { DemoNode, DemoWorld } from './world.ts';

export class MemoryWorld implements DemoWorld {
  readonly engineName = 'the memory engine';
  readonly nodeKind = 'manager';
  readonly engine: Engine;
  readonly #server: MemoryServer;
  /** The lines of nodes that run, and of the consumer. */
  readonly #lines = new Set<MemoryLine>();
  readonly #nodes = new Set<RunningNode>();
  #consumer: DispatchConsumer | null = null;

  constructor(leaseTtlMs: number) {
    this.#server = new MemoryServer({ leaseTtlMs, clock: systemClock });
    this.engine = new MemoryLine(this.#server);
  }

  async startNode(config: NodeConfig, onMessage: (message: NodeMessage) => void): Promise<DemoNode> {
    const line = this.#openLine();
    const node = await startDemoNode(config, line, onMessage);
    this.#nodes.add(node);
    const forget = (): void => {
      this.#nodes.delete(node);
      this.#lines.delete(line);
    };
    return {
      stop: async () => {
        await node.stop();
        forget();
      },
      kill: async () => {
        line.set({ isCut: true });
        node.forceClose();
        forget();
      },
      freeze: null,
      thaw: () => undefined,
    };
  }

  async startConsumer(onDelivered: (delivered: Delivered) => void): Promise<void> {
    this.#consumer = await startDemoConsumer(this.#openLine(), 'bot', 'end', onDelivered);
  }

  cut(): void {
    for (const line of this.#lines) line.set({ isCut: true });
  }

  mend(): void {
    for (const line of this.#lines) line.set();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend();
    await this.#consumer?.stop();
    await Promise.all([...this.#nodes].map((node) => node.stop()));
  }

  #openLine(): MemoryLine {
    const line = new MemoryLine(this.#server);
    this.#lines.add(line);
    return line;
  }
}
