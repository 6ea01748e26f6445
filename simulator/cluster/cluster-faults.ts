/** What befalls a cluster: nodes come, leave, die, freeze and are cut off; the engine stops, forgets, and answers late. */
import type { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { NodeProcess } from './node-process.ts';

interface ClusterFault {
  /** How often it is picked, compared with the others. The script has what is never picked where it belongs. */
  readonly weight: number;
  /** Whether dispatches may be delivered twice after it. A cluster that publishes never appends one twice. */
  readonly mayDouble: boolean;
  /** Returns what happened; `null` if it could not. */
  inject(world: ClusterWorld, random: SeededRandom): string | null;
}

const MAX_NODES = 8;
/** To how many shards a cluster may be resharded. */
export const MAX_SHARDS = 32;

/** The name under which the end of a fault is recorded. */
export const FAULT_OVER = 'over';

const pickNode = (world: ClusterWorld, random: SeededRandom): NodeProcess | null => {
  const nodes = world.running.filter(({ isLeaving }) => !isLeaving);
  return nodes.length === 0 ? null : random.pick(nodes);
};

/** Calls back later, unless all faults have ended by then. */
const later = (world: ClusterWorld, delayMs: number, what: string, run: () => void, name = FAULT_OVER): void => {
  const { heals } = world;
  world.clock.scheduleInWorld(() => {
    if (world.heals > heals) return;
    world.log.record('happened', { name, what });
    run();
  }, delayMs);
};

const withNode =
  (act: (world: ClusterWorld, node: NodeProcess, random: SeededRandom) => string) =>
  (world: ClusterWorld, random: SeededRandom): string | null => {
    const node = pickNode(world, random);
    return node === null ? null : act(world, node, random);
  };

export const CLUSTER_FAULTS: Readonly<Record<string, ClusterFault>> = {
  join: {
    weight: 2,
    mayDouble: false,
    inject: (world) => (world.running.length >= MAX_NODES ? null : world.startNode().name),
  },
  leave: {
    weight: 2,
    mayDouble: false,
    inject: withNode((world, node) => {
      world.leave(node);
      return node.name;
    }),
  },
  deploy: {
    weight: 4,
    mayDouble: false,
    inject: withNode((world, node, random) => {
      world.startNode();
      later(world, random.int(0, 10_000), `${node.name} leaves`, () => world.leave(node), 'next');
      return node.name;
    }),
  },
  kill: {
    weight: 4,
    mayDouble: true,
    inject: withNode((world, node, random) => {
      world.kill(node);
      later(world, random.int(0, 20_000), 'the next node starts', () => void world.startNode(), 'next');
      return node.name;
    }),
  },
  freeze: {
    weight: 4,
    mayDouble: true,
    inject: withNode((world, node, random) => {
      const ms = random.magnitude(500, 40_000);
      node.clock.freeze(ms);
      later(world, ms, `${node.name} goes on`, () => undefined);
      return `${node.name} for ${ms} ms`;
    }),
  },
  cut: {
    weight: 4,
    mayDouble: true,
    inject: withNode((world, node, random) => {
      const ms = random.magnitude(100, 40_000);
      node.setLine({ isCut: true });
      later(world, ms, `${node.name} reaches the engine`, () => node.setGoodLine());
      return `${node.name} for ${ms} ms`;
    }),
  },
  late: {
    weight: 3,
    mayDouble: true,
    inject: withNode((world, node, random) => {
      const ms = random.magnitude(1_000, 30_000);
      node.setLine({ requestDelayMs: random.magnitude(1, 2_000), answerDelayMs: random.magnitude(1, 2_000) });
      later(world, ms, `${node.name} is answered in time`, () => node.setGoodLine());
      return `${node.name} for ${ms} ms`;
    }),
  },
  lostAnswers: {
    weight: 3,
    mayDouble: true,
    inject: withNode((world, node, random) => {
      const ms = random.magnitude(10, 5_000);
      node.setLine({ losesAnswers: true });
      later(world, ms, `${node.name} is answered`, () => node.setGoodLine());
      return `${node.name} for ${ms} ms`;
    }),
  },
  engineStops: {
    weight: 3,
    mayDouble: true,
    inject: (world, random) => {
      const ms = random.magnitude(500, 40_000);
      world.server.stop();
      later(world, ms, 'the engine runs', () => world.server.start());
      return `for ${ms} ms`;
    },
  },
  engineEmpty: {
    weight: 2,
    mayDouble: true,
    inject: (world) => {
      world.forget(null);
      return 'the engine starts empty';
    },
  },
  engineOlder: {
    weight: 2,
    mayDouble: true,
    inject: (world, random) => {
      const ms = random.magnitude(100, 20_000);
      const snapshot = world.server.snapshot();
      later(world, ms, 'the engine has an older state', () => world.forget(snapshot));
      return `in ${ms} ms`;
    },
  },
  drop: {
    weight: 3,
    mayDouble: false,
    inject: (world, random) => {
      const sockets = [...world.gateway.sockets].filter(({ readyState }) => readyState === 1);
      if (sockets.length === 0) return null;
      const socket = random.pick(sockets);
      socket.drop();
      return `a socket of ${socket.proc.name}`;
    },
  },
  reshard: {
    weight: 4,
    mayDouble: false,
    inject: (world, random) => {
      const nodes = world.running.filter(({ wellSince }) => wellSince !== null);
      if (nodes.length === 0) return null;
      const node = random.pick(nodes);
      const usual = random.chance(0.2) ? random.int(13, MAX_SHARDS) : random.int(1, 12);
      const total = random.chance(0.1) ? world.generations.current.total : usual;
      node.reshard(total);
      return `${node.name} to ${total}`;
    },
  },
  calm: {
    weight: 0,
    mayDouble: true,
    inject: (world) => {
      world.heal();
      return 'nothing happens for a while';
    },
  },
  reconnect: {
    weight: 2,
    mayDouble: false,
    inject: (world, random) => {
      const sockets = [...world.gateway.sockets].filter(({ readyState }) => readyState === 1);
      if (sockets.length === 0) return null;
      random.pick(sockets).push({ op: 7, d: null });
      return 'the gateway asks a shard to reconnect';
    },
  },
};
