/** `shardwright/testing`: what a bot author needs to test a bot without Discord. */
export { FakeGateway } from './fake-gateway.ts';
export type { RefuseOptions } from './fake-gateway.ts';
export type { FakeClosure, FakeConnection } from './fake-connection.ts';
export type { FakeGatewayOptions, FakeSessionStartLimit } from './options.ts';
export type { FakeGatewayStats, Violation } from './stats.ts';
export type { FakeGuild } from './fake-guild.ts';
export type { FakeMember } from './fake-member.ts';
export type { CloseFrame } from './close-frame.ts';
export type { RejectCode } from './close-codes.ts';
export type { Transport } from './encoders.ts';
export { VirtualClock } from './virtual-clock.ts';
export type { VirtualClockOptions } from './virtual-clock.ts';
