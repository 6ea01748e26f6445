/** `shardwright/testing`: what a bot author needs to test a bot without Discord. */
import '../protocol/require-node.ts';
export { FakeGateway } from './fake-gateway/fake-gateway.ts';
export type { RefuseOptions } from './fake-gateway/refuse-options.ts';
export type { FakeClosure, FakeConnection } from './fake-gateway/fake-connection.ts';
export type { FakeGatewayOptions, FakeSessionStartLimit } from './fake-gateway/options.ts';
export type { FakeGatewayStats, Violation } from './fake-gateway/stats.ts';
export type {
  CloseFrame,
  FakeGuild,
  FakeMember,
  FakeRest,
  FakeRestReply,
  FakeRestRequest,
} from './fake-gateway/fake-types.ts';
export type { ReplayOptions } from './fake-gateway/replay/replay-options.ts';
export type { ShardKey } from './fake-gateway/sessions.ts';
export { Oracle } from './oracle/oracle.ts';
export type { OracleConnection } from './oracle/oracle-connection.ts';
export type { OracleOptions } from './oracle/oracle-options.ts';
export type { Complaint } from './oracle/complaint.ts';
export { ORACLE_RULES } from './oracle/oracle-rules.ts';
export type { OracleRule, OracleRuleText } from './oracle/oracle-rules.ts';
export type { RejectCode } from './fake-gateway/close-codes.ts';
export type { Transport } from './fake-gateway/encoders.ts';
export { engineConformance } from './engine-conformance/engine-conformance.ts';
export type { EngineCase, EngineContext } from './engine-conformance/engine-case.ts';
export { VirtualClock } from './virtual-clock.ts';
export type { VirtualClockOptions } from './virtual-clock.ts';
export { transitionId, transitionsOf } from '../../machines/transitions.ts';
export type { ChartTransition } from '../../machines/transitions.ts';
export { reachable } from './model/coverage.ts';
export type { Cover, Walkable } from './model/coverage.ts';
export { coveringPaths } from './model/covering-paths.ts';
export type { CoveringOptions, CoveringPaths, PathStep, TimedPath } from './model/covering-paths.ts';
export type { PendingTimer } from './model/pending-timers.ts';
export { exploreTimed } from './model/timed-graph.ts';
export type { ExploreOptions, TimedEdge, TimedGraph, TimedNode, TimedRoot } from './model/timed-graph.ts';
export { TimedState } from './model/timed-state.ts';
export type { Outcome, TimedStep } from './model/timed-state.ts';
export type { Microstep } from './model/transition-pairs.ts';
export { TransitionRecorder, microstepOf } from './model/transition-recorder.ts';
