import { GatewayError, Intents, MemorySessionStore, Shard, ShardManager, systemClock } from 'shardwright';
import type {
  Clock,
  CustomEventName,
  Dispatch,
  GatewayErrorCode,
  Session,
  SessionStore,
  ShardOptions,
  ShardState,
} from 'shardwright';
import { withShardwright } from 'shardwright/discordeno';
import type { DiscordenoBot } from 'shardwright/discordeno';
import { shardingStrategy, toDiscordJsGateway } from 'shardwright/discordjs';
import type { BuildShardwrightStrategy, DiscordJsGateway } from 'shardwright/discordjs';
import { registerWithXStateInspect } from 'shardwright/inspect/legacy';
import type { LegacyInspectOptions } from 'shardwright/inspect/legacy';
import { serveStatus } from 'shardwright/inspect';
import { shardMachine } from 'shardwright/machines';
import { instrument } from 'shardwright/opentelemetry';
import { collectMetrics } from 'shardwright/prometheus';
import type { PrometheusRegister } from 'shardwright/prometheus';
import { redisEngine } from 'shardwright/redis';
import type { RedisClientLike } from 'shardwright/redis';
import { FlightRecorder, readRecording } from 'shardwright/recorder';
import type { RecordingRecord } from 'shardwright/recorder';
import { seyfertGateway } from 'shardwright/seyfert';
import type { SeyfertGateway } from 'shardwright/seyfert';
import { FakeGateway, VirtualClock } from 'shardwright/testing';
import type { FakeGatewayOptions } from 'shardwright/testing';

const store: SessionStore = new MemorySessionStore();
const clock: Clock = systemClock;
const options: ShardOptions = { token: 'x', intents: ['Guilds', 'GuildMessages'], sessionStore: store, clock };
const shard = new Shard(options);

shard.onDispatch('MESSAGE_CREATE', ({ content, author }) => `${author.username}: ${content.trim()}`);
// @ts-expect-error -- a message has no such field; without the library's types this would pass
shard.onDispatch('MESSAGE_CREATE', ({ nonsense }) => nonsense);
shard.onDispatch('SOMETHING_NEW', (data: unknown, dispatch: Dispatch) => [data, dispatch.s]);
// @ts-expect-error -- an intent that does not exist
export const mistyped: ShardOptions = { token: 'x', intents: ['Guild'] };

export async function use(settings: FakeGatewayOptions): Promise<[ShardState, Session | null]> {
  await using leaving = shard;
  const gateway = await FakeGateway.listen({ ...settings, clock: new VirtualClock() });
  await leaving.connect({ signal: AbortSignal.timeout(1000) });
  for await (const dispatch of leaving.dispatches()) if (dispatch.t === 'READY') break;
  await gateway.close();
  return [leaving.state, leaving.session];
}

export function codeOf(error: unknown): GatewayErrorCode | null {
  return error instanceof GatewayError ? error.code : null;
}

export const everything: number = Intents.Guilds | Intents.GuildMembers;
export const states: string[] = Object.keys(shardMachine.states);

const legacy: LegacyInspectOptions = { onDetached: (cause: unknown) => codeOf(cause) };
export const unregister: () => void = registerWithXStateInspect(shard, legacy);

export const gateway: DiscordJsGateway = toDiscordJsGateway(new ShardManager({ token: 'x', intents: [] }));
export const buildStrategy: BuildShardwrightStrategy = shardingStrategy({ workers: 2, keepSession: true });
gateway.on('dispatch', (dispatch, shardId) => (dispatch.t === 'MESSAGE_CREATE' ? [dispatch.d.content, shardId] : null));

/** Compile without discordeno and without seyfert. */
export const bot = (created: DiscordenoBot): DiscordenoBot =>
  withShardwright(created, new ShardManager({ token: 'x', intents: [] }));
export const seyfert: SeyfertGateway = seyfertGateway(new ShardManager({ token: 'x', intents: [] }));

/** Compiles without prom-client and without OpenTelemetry. */
export async function operate(register: PrometheusRegister): Promise<void> {
  await using _endpoint = await serveStatus(shard, { port: 0, host: '0.0.0.0', allowedHosts: ['bot'], graceMs: 1_000 });
  using _metrics = await collectMetrics({ register, bot: shard });
  using _instrumentation = await instrument({ bot: new ShardManager({ token: 'x', intents: [] }) });
}

export async function record(directory: string): Promise<RecordingRecord[]> {
  await using recorder = new FlightRecorder({ directory, maxBytes: 1_048_576, redact: true });
  await using recorded = new Shard({ token: 'x', intents: 0, inspect: [recorder] });
  await using _manager = new ShardManager({ token: recorded.url, intents: [], inspect: recorder });
  const records: RecordingRecord[] = [];
  for await (const { record } of readRecording(directory)) if (record.kind !== 'step') records.push(record);
  return records;
}

/** Compiles without redis. */
export const engineKind = (client: RedisClientLike): string =>
  redisEngine({ app: 'bot', partitions: 4, client, leaseTtlMs: 6_000, clock }).kind;

export async function narrow(): Promise<void> {
  shard.on('dispatch', ({ t, d }) => (t === 'MESSAGE_CREATE' ? d.content : null));
  for await (const { d } of shard.dispatches({ events: ['MESSAGE_CREATE'] })) d.author.username.trim();
  // @ts-expect-error -- a name with a typo
  shard.dispatches({ events: ['MESAGE_CREATE'] });
  shard.dispatches({ events: ['SOMETHING_NEW' as CustomEventName] });
}
