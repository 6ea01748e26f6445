/** The nodes and consumers of a bot as a test sees them: processes that report what happens to them. */
import { join } from 'node:path';
import type { ManagerStatus } from '../../src/index.ts';
import { ChildProgram } from './child-program.ts';
import type { ConsumerProcessOptions, Handling } from './cluster-consumer-process.ts';
import type { NodeProcessOptions } from './cluster-node-process.ts';

interface Fault {
  readonly code: string;
  readonly message: string;
}

export class NodeProcess {
  readonly name: string;
  readonly program: ChildProgram;
  readonly held = new Set<number>();
  readonly states = new Map<number, string>();
  readonly released: [shardId: number, why: string][] = [];
  readonly joined: string[] = [];
  readonly left: string[] = [];
  readonly faults: Fault[] = [];
  /** What its listeners got: the ids of messages, in order. */
  readonly handled: string[] = [];
  /** The guilds that its listeners got. */
  readonly guilds: string[] = [];

  constructor(name: string, options: NodeProcessOptions) {
    this.name = name;
    this.program = new ChildProgram(join(import.meta.dirname, 'cluster-node-process.ts'), options, (report, data) =>
      this.#reports[report]?.(data as never),
    );
  }

  get isReady(): boolean {
    return [...this.held].every((shardId) => this.states.get(shardId) === 'ready');
  }

  /** Joins the cluster. */
  async connect(): Promise<this> {
    await this.program.call('connect');
    return this;
  }

  status(): Promise<ManagerStatus> {
    return this.program.call('status');
  }

  readonly #reports: Readonly<Record<string, (data: never) => void>> = {
    claimed: ([shardId]: [number]) => void this.held.add(shardId),
    released: ([shardId, why]: [number, string]) => {
      this.held.delete(shardId);
      this.released.push([shardId, why]);
    },
    nodeJoined: ([{ node }]: [{ node: string }]) => void this.joined.push(node),
    nodeLeft: ([{ node }]: [{ node: string }]) => void this.left.push(node),
    fault: (fault: Fault) => void this.faults.push(fault),
    failed: (fault: Fault) => void this.faults.push(fault),
    state: ({ shardId, state }: { shardId: number; state: string }) => void this.states.set(shardId, state),
    guild: (id: string) => void this.guilds.push(id),
    handled: (items: [number, string][]) => void this.handled.push(...items.map(([, id]) => id)),
  };
}

export class ConsumerProcess {
  readonly group: string;
  readonly program: ChildProgram;
  readonly handlings: Handling[] = [];
  /** The ids of messages whose handlers have begun, in order, once for each call. */
  readonly begun: string[] = [];
  readonly faults: Fault[] = [];
  /** READY and GUILD_CREATE, in order. */
  readonly structure: { readonly t: string; readonly shardId: number; readonly isRestored: boolean }[] = [];

  constructor(options: ConsumerProcessOptions) {
    this.group = options.consumer.group;
    this.program = new ChildProgram(join(import.meta.dirname, 'cluster-consumer-process.ts'), options, (report, data) =>
      this.#reports[report]?.(data as never),
    );
  }

  async start(): Promise<this> {
    await this.program.call('start');
    return this;
  }

  get done(): string[] {
    return this.handlings.filter(({ kind }) => kind === 'done').map(({ id }) => id);
  }

  readonly #reports: Readonly<Record<string, (data: never) => void>> = {
    handling: (items: Handling[]) => {
      this.handlings.push(...items);
      this.begun.push(...items.flatMap(({ kind, id }) => (kind === 'begun' ? [id] : [])));
    },
    fault: (fault: Fault) => void this.faults.push(fault),
    structure: (item: never) => void this.structure.push(item),
  };
}
