/** The two kinds of bot: one `Shard`, and a `ShardManager` with worker threads. What they receive goes to recorders. */
import { MemoryIdentifyGate, Shard, ShardManager } from '../src/index.ts';
import type { Dispatch, GuildMembers, ShardOptions, ShardTiming } from '../src/index.ts';
import type { Recorder } from './recorder.ts';
import type { Setting } from './setting.ts';

export interface Bot {
  start(): Promise<void>;
  stop(): Promise<void>;
  requestMembers(shardId: number, nonce: string): Promise<GuildMembers>;
}

export interface BotPlace {
  readonly url: string;
  readonly apiUrl: string;
  readonly recorders: readonly Recorder[];
  /** Called after each thing that a recorder took. */
  readonly changed: () => void;
  /** Called before a recorder takes a dispatch; a test plants a fault here. Returns how often it is taken. */
  readonly intercept?: (dispatch: Dispatch) => number;
}

/** The largest message that the bots take. */
export const MAX_MESSAGE_BYTES = 1_000_000;

/** For a bot that never gives its session up. */
export const ENDLESS_ATTEMPTS = 1_000_000;

/** No session is lost by chance, and reconnecting takes no time. Only a hang reaches the long timeouts. */
const TIMING: Partial<ShardTiming> = {
  connectTimeoutMs: 120_000,
  helloTimeoutMs: 120_000,
  resumedTimeoutMs: 120_000,
  readyPatienceMs: 120_000,
  closeTimeoutMs: 2_000,
  stableAfterMs: 1,
  backoffBaseMs: 1,
  backoffCapMs: 5,
  invalidSessionWaitMs: [1, 3],
  maxResumeAttempts: ENDLESS_ATTEMPTS,
};

/** What ended a connection counts until the end of the case. */
const impatient = (maxResumeAttempts: number): Partial<ShardTiming> => ({
  maxResumeAttempts,
  stableAfterMs: 3_600_000,
});

const optionsOf = ({ compression, names, hasEventsOption, maxResumeAttempts }: Setting): Omit<ShardOptions, 'url'> => ({
  token: 'fuzz',
  intents: ['Guilds'],
  compression,
  timing: maxResumeAttempts === null ? TIMING : { ...TIMING, ...impatient(maxResumeAttempts) },
  maxMessageBytes: MAX_MESSAGE_BYTES,
  identifyGate: new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0, total: 1_000_000, maxConcurrency: 16 }),
  ...(hasEventsOption && names !== null ? { events: names as NonNullable<ShardOptions['events']> } : {}),
});

/** What both bots have, with the shard's id as an argument. */
interface Source {
  onDispatch(listener: (dispatch: Dispatch, shardId: number) => void): void;
  onName(name: string, listener: (dispatch: Dispatch, shardId: number) => void): void;
  stream(): AsyncIterable<readonly [Dispatch, shardId: number]>;
}

function listen(source: Source, { listening, names }: Setting, { recorders, changed, intercept }: BotPlace): void {
  const take = (dispatch: Dispatch, shardId: number): void => {
    try {
      for (let times = intercept?.(dispatch) ?? 1; times > 0; times -= 1) recorders[shardId]?.take(dispatch);
    } finally {
      changed();
    }
  };
  const takeNow = (dispatch: Dispatch, shardId: number): void => {
    recorders[shardId]?.takeBytes(dispatch);
    take(dispatch, shardId);
  };
  const consume = async (): Promise<void> => {
    for await (const [dispatch, shardId] of source.stream()) take(dispatch, shardId);
  };
  const ways: Readonly<Record<Setting['listening'], () => void>> = {
    dispatch: () => source.onDispatch(takeNow),
    byName: () => {
      for (const name of names ?? []) source.onName(name, takeNow);
    },
    stream: () => void consume(),
    later: () => source.onDispatch((dispatch, shardId) => void setImmediate(() => take(dispatch, shardId))),
  };
  ways[listening]();
}

function shardBot(setting: Setting, place: BotPlace): Bot {
  const { url, recorders, changed } = place;
  const shard = new Shard({ ...optionsOf(setting), url });
  const source: Source = {
    onDispatch: (listener) => shard.on('dispatch', (dispatch) => listener(dispatch, 0)),
    onName: (name, listener) => shard.onDispatch(name, (_, dispatch) => listener(dispatch, 0)),
    async *stream() {
      for await (const dispatch of shard.dispatches()) yield [dispatch, 0] as const;
    },
  };
  listen(source, setting, place);
  shard.on('fault', (error) => {
    recorders[0]?.takeFault(error);
    changed();
  });
  if (setting.hasRaw)
    shard.on('raw', (packet) => {
      recorders[0]?.takeRaw(packet);
      changed();
    });
  return {
    start: () => shard.connect(),
    stop: () => shard.disconnect(),
    requestMembers: (_, nonce) => shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0, nonce }),
  };
}

function managerBot(setting: Setting, place: BotPlace, workers: number): Bot {
  const { apiUrl: api, recorders, changed } = place;
  const manager = new ShardManager({
    ...optionsOf(setting),
    api,
    shards: setting.shards,
    workers,
    workerTimeoutMs: 60_000,
  });
  const source: Source = {
    onDispatch: (listener) => manager.on('dispatch', listener),
    onName: (name, listener) => manager.onDispatch(name, (_, dispatch, shardId) => listener(dispatch, shardId)),
    async *stream() {
      for await (const dispatch of manager.dispatches()) yield [dispatch, dispatch.shardId] as const;
    },
  };
  listen(source, setting, place);
  manager.on('fault', (error, shardId) => {
    for (const recorder of shardId === null ? recorders : recorders.slice(shardId, shardId + 1))
      recorder.takeFault(error);
    changed();
  });
  return {
    start: () => manager.connect(),
    stop: () => manager.disconnect(),
    requestMembers: (shardId, nonce) => {
      const shard = manager.shards.get(shardId);
      if (shard === undefined) throw new RangeError(`there is no shard ${shardId}`);
      return shard.requestGuildMembers({ guild_id: '1', query: '', limit: 0, nonce });
    },
  };
}

export const createBot = (setting: Setting, place: BotPlace): Bot =>
  setting.workers === null ? shardBot(setting, place) : managerBot(setting, place, setting.workers);
