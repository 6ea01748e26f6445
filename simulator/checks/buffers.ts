/** Checks that a slow consumer costs bounded memory. */
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { Packet } from '../../src/protocol/packets.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import type { Check } from './check.ts';
import { trackManagerStreams } from './manager-streams.ts';
import { trackStreams } from './streams.ts';

export const buffersBounded: Check = {
  rule: 'no dispatch is delivered while more than maxBufferedBytes wait in the streams of a shard',
  watch(world, complain) {
    const { maxBufferedBytes } = world.setting;
    if (maxBufferedBytes === null) return;
    // Follows this dispatch before the streams do, which is when it has not been added to them.
    world.eventLog.on('dispatched', ({ proc, dispatch }) => {
      let waitingBytes = 0;
      for (const stream of streams.values()) {
        if (stream.proc !== proc || stream.isFinished) continue;
        // In the bytes that came: `raw` of a dispatch whose s is no sequence may be longer.
        // A consumer that waited has the first one already, and reports it a moment later.
        for (const waiting of stream.waiting.slice(1)) waitingBytes += LazyDispatch.byteLengthOf(waiting);
      }
      if (waitingBytes > maxBufferedBytes)
        complain(`${dispatch.t} ${dispatch.s} was delivered while ${waitingBytes} of ${maxBufferedBytes} bytes waited`);
    });
    const streams = trackStreams(world);
  },
};

export const managerBuffersBounded: Check = {
  rule: 'while more than maxBufferedBytes wait in the streams of a manager, each shard delivers one dispatch at most',
  watch(world, complain) {
    const { clock, eventLog, setting } = world;
    const { maxBufferedBytes } = setting;
    if (maxBufferedBytes === null) return;
    /** The shards that have delivered a dispatch since so much waits. They leave, and stay away until there is room. */
    const leaving = new Map<SimulatedProcess, Set<number>>();
    const waitingBytesOf = (proc: SimulatedProcess): number => {
      let bytes = 0;
      for (const stream of streams.values()) {
        if (stream.proc !== proc || stream.isFinished) continue;
        // A consumer that waited has the first one already, and reports it a moment later.
        for (const waiting of stream.waiting.slice(1)) bytes += waiting.bytes;
      }
      return bytes;
    };
    /** What has just arrived. A reshard holds dispatches back, and delivers them all at once. */
    let arrival: { readonly packet: Packet; readonly at: number } | null = null;
    eventLog.on('shard.received', ({ packet }) => (arrival = { packet, at: clock.now() }));
    // Follows this dispatch before the streams do, which is when it has not been added to them.
    eventLog.on('bot.dispatched', ({ proc, dispatch, shardId }) => {
      const { t, s } = arrival?.at === clock.now() ? arrival.packet : {};
      const bytes = waitingBytesOf(proc);
      if (bytes <= maxBufferedBytes) leaving.delete(proc);
      else if (t === dispatch.t && s === dispatch.s) {
        const shards = leaving.get(proc) ?? new Set();
        if (shards.has(shardId))
          complain(
            `shard ${shardId} delivered ${t} ${s} and one before, while ${bytes} of ${maxBufferedBytes} bytes waited`,
          );
        leaving.set(proc, shards.add(shardId));
      }
    });
    const streams = trackManagerStreams(world);
    const checkRoom = ({ proc }: { readonly proc: SimulatedProcess }): void => {
      if (waitingBytesOf(proc) <= maxBufferedBytes) leaving.delete(proc);
    };
    for (const name of ['stream.consumed', 'stream.left', 'stream.ended'] as const) eventLog.on(name, checkRoom);
    // Other shards are in service, or the user has connected one that was away.
    for (const name of ['bot.state', 'action'] as const) eventLog.on(name, ({ proc }) => void leaving.delete(proc));
  },
};
