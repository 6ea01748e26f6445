/** Our shard, with each way of listening that has another cost. */
import { Shard } from '../../../src/index.ts';
import type { IdentifyGate, ShardOptions } from '../../../src/index.ts';
import { TOKEN } from '../../server/packets.ts';
import { createInspector } from '../inspector.ts';
import { createRecorder } from '../recorder.ts';
import type { CreateAdapter, AdapterOptions, Variant } from '../adapter.ts';

/** The bench's gateway needs no wait between IDENTIFYs; Discord needs 5 s. */
const openGate: IdentifyGate = {
  acquire: () => Promise.resolve({ sent: () => undefined, release: () => undefined }),
};

const WITHOUT_BACKOFF: NonNullable<ShardOptions['timing']> = { backoffBaseMs: 1, backoffCapMs: 1, stableAfterMs: 1 };
const EVENTS = ['MESSAGE_CREATE', 'PRESENCE_UPDATE', 'TYPING_START', 'GUILD_CREATE'] as const;
const LISTENERS = 10;

type Listen = (shard: Shard, onDispatch: AdapterOptions['onDispatch']) => void;

const listenToAll: Listen = (shard, onDispatch) => void shard.on('dispatch', onDispatch);

const LISTEN: Readonly<Record<Variant, Listen>> = {
  all: listenToAll,
  unread: listenToAll,
  observer: listenToAll,
  page: listenToAll,
  recorder: listenToAll,
  'in-turn': listenToAll,
  'one-event': (shard, onDispatch) => void shard.onDispatch(EVENTS[0], (_data, dispatch) => onDispatch(dispatch)),
  'ten-listeners': (shard, onDispatch) => {
    for (const event of EVENTS) {
      for (let n = 1; n < LISTENERS; n += 1) shard.onDispatch(event, (data: unknown) => typeof data === 'object');
      shard.onDispatch(event, (_data: unknown, dispatch) => onDispatch(dispatch));
    }
  },
};

type InspectOption = Pick<ShardOptions, 'inspect'>;

const INSPECT_OPTIONS: Readonly<Partial<Record<Variant, () => InspectOption | Promise<InspectOption>>>> = {
  observer: () => ({ inspect: () => undefined }),
  page: async () => ({ inspect: await createInspector() }),
  recorder: async () => ({ inspect: await createRecorder() }),
};

const connectTogether = async (fleet: readonly Shard[]): Promise<void> =>
  void (await Promise.all(fleet.map((shard) => shard.connect())));

async function connectInTurn(fleet: readonly Shard[]): Promise<void> {
  for (const shard of fleet) await shard.connect();
}

export const create: CreateAdapter = async ({ url, transport, shards, variant, withoutBackoff, onDispatch }) => {
  const inspectOption = (await INSPECT_OPTIONS[variant]?.()) ?? {};
  const fleet = Array.from({ length: shards }, (_, shardId) => {
    const shard = new Shard({
      token: TOKEN,
      intents: 1,
      url,
      compression: transport,
      shardId,
      shardCount: shards,
      identifyGate: openGate,
      ...inspectOption,
      ...(withoutBackoff ? { timing: WITHOUT_BACKOFF } : {}),
    });
    LISTEN[variant](shard, onDispatch);
    return shard;
  });
  return { connect: () => (variant === 'in-turn' ? connectInTurn(fleet) : connectTogether(fleet)) };
};
