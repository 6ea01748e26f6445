/** Checks that a slow consumer costs bounded memory. */
import type { Dispatch } from '../../src/index.ts';
import type { Check } from './check.ts';
import { trackStreams } from './streams.ts';

const bytesOf = ({ raw }: Dispatch): number => raw.length;

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
        // A consumer that waited has the first one already, and reports it a moment later.
        for (const waiting of stream.waiting.slice(1)) waitingBytes += bytesOf(waiting);
      }
      if (waitingBytes > maxBufferedBytes)
        complain(`${dispatch.t} ${dispatch.s} was delivered while ${waitingBytes} of ${maxBufferedBytes} bytes waited`);
    });
    const streams = trackStreams(world);
  },
};
