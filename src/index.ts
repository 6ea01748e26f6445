/** The entry `shardwright`: the public classes, functions and types. */
import './protocol/require-node.ts';
export type { ManagerState, ShardState, ShardTiming } from '../machines/index.ts';
export type {
  IdentifyBudget,
  IdentifyGate,
  IdentifyPermit,
  IdentifyQueue,
  IdentifyRequest,
} from './identify/identify-gate.ts';
export { MemoryIdentifyGate } from './identify/memory-identify-gate.ts';
export type { ExpiringPermit, MemoryIdentifyGateOptions } from './identify/memory-identify-gate.ts';
export type { StartGuardPolicy } from './identify/start-guard.ts';
export { memoryEngine } from './cluster/memory/memory-engine.ts';
export type { MemoryEngineOptions } from './cluster/memory/memory-engine.ts';
export type { Command, CommandAnswer, CommandBus } from './cluster/ports/command-bus.ts';
export type {
  DeadLetter,
  DispatchLog,
  LoggedDispatch,
  ReadResult,
  StreamStatus,
} from './cluster/ports/dispatch-log.ts';
export type {
  ClusterPlan,
  Engine,
  EngineConnection,
  EngineIdentifyGate,
  EngineIdentifyRequest,
  EngineOpenOptions,
} from './cluster/ports/engine.ts';
export type {
  ChangeListener,
  Lease,
  Member,
  MemberState,
  MemberView,
  Ownership,
  OwnershipScope,
  OwnershipView,
  Renewal,
  RenewedLease,
  ShardOwner,
} from './cluster/ports/ownership.ts';
export type {
  CommitResult,
  JournalCommit,
  PublishedDispatch,
  SessionJournal,
  StreamBounds,
} from './cluster/ports/session-journal.ts';
export type {
  NextGeneration,
  Succession,
  SuccessionFailure,
  SuccessionPhase,
  SuccessionReport,
} from './cluster/ports/succession.ts';
export type { StandardWebSocket } from './connection/standard-socket.ts';
export type { CreateSocket, SocketOptions } from './connection/web-socket.ts';
export type { WebSocketLike } from './connection/web-socket-like.ts';
export type { Clock } from './clock.ts';
export type { RemoteSendOptions } from './cluster/commands/command-client.ts';
export type { DispatchConsumerOptions } from './cluster/consumer/consumer-options.ts';
export type { ConsumerStatus, DeadDelivery, Delivery, NackOptions } from './cluster/consumer/delivery.ts';
export { DispatchConsumer } from './cluster/consumer/dispatch-consumer.ts';
export type { CommandTarget } from './cluster/consumer/command-target.ts';
export type { ConsumerEvents } from './cluster/consumer/dispatch-consumer.ts';
export { systemClock } from './clock.ts';
export type { ShardDispatch } from './manager/fleet-stream.ts';
export type { InspectedManager, ManagerInspectionObserver } from './manager/inspected-manager.ts';
export type { ArrivedGuilds } from './manager/guild-arrivals.ts';
export type { ClusterStatus, GroupStatus, NodeStatus, ReleaseReason } from './cluster/node/node-host.ts';
export type { PublishOptions } from './cluster/node/publish-options.ts';
export type { RebalanceOptions } from './manager/cluster/cluster-options.ts';
export type { ManagerEvents, Progress } from './manager/manager-events.ts';
export type { ManagerOptions, ShardSelection } from './manager/manager-options.ts';
export type { ManagerStatus, ShardStatus } from './manager/manager-status.ts';
export type { ShardHandle, ShardHealth } from './manager/shard-handle.ts';
export { ShardManager } from './manager/shard-manager.ts';
export { GATEWAY_ERROR_CODES, GatewayError } from './protocol/errors.ts';
export type { GatewayErrorCode, GatewayErrorOptions } from './protocol/errors.ts';
export type { Compression } from './protocol/gateway-url.ts';
export { Intents, resolveIntents } from './protocol/intents.ts';
export type { IntentName } from './protocol/intents.ts';
export { Opcodes, opcodeName } from './protocol/opcodes.ts';
export type {
  AnyEventName,
  CustomEventName,
  Dispatch,
  DispatchData,
  DispatchDataByName,
  DispatchOf,
  EventName,
  Packet,
  RequestChannelInfoData,
  RequestSoundboardSoundsData,
  SendPayload,
} from './protocol/packets.ts';
export type { IdentifyTelemetry, SendTelemetry, SentKind, ShardTelemetry } from './protocol/telemetry.ts';
export { FileSessionStore } from './session/file-session-store.ts';
export type { FileSessionStoreOptions } from './session/file-session-store.ts';
export { MemorySessionStore } from './session/memory-session-store.ts';
export { parseSession } from './session/session.ts';
export type { BotApplication, BotUser, Session } from './session/session.ts';
export type { ClaimOptions, SessionLease, SessionStore } from './session/session-store.ts';
export { Shard } from './shard.ts';
export type { SendOptions } from './shard/command-sender.ts';
export type { ConnectOptions } from './shard/shard-lifecycle.ts';
export type { DisconnectOptions } from './shard/close-request.ts';
export type { DispatchHandlerOptions } from './shard/handler-options.ts';
export type { DispatchStreamOptions } from './shard/pull-stream.ts';
export type { DispatchCounts } from './connection/dispatch-counter.ts';
export type { FrameHead, FrameObservation, FrameObserver } from './connection/frame-tap.ts';
export type { MachineStep } from './shard/machine-steps.ts';
export type { InspectedOptions } from './shard/inspected-options.ts';
export type { RefusedPresence } from './shard/refused-payload.ts';
export type {
  InspectedBackPressure,
  InspectedShard,
  InspectedThreadShard,
  InspectionObserver,
  SendWindow,
} from './shard/inspected-shard.ts';
export type { GuildMembers, RequestOptions } from './shard/guild-member-requests.ts';
export type { Logger } from './shard/logger.ts';
export type { Disconnected, RateLimited, ShardEvents, StateChange } from './shard/shard-events.ts';
export type { ShardOptions } from './shard/shard-options.ts';
export { VERSION } from './version.ts';
