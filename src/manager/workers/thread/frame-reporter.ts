/**
 * Shows the frames of a shard to an observer in the manager's thread. Heads go one by one, dispatches as counts. Both
 * travel in the batches of the thread, whose size has a limit.
 */
import type { Clock } from '../../../clock.ts';
import type { FrameObservation } from '../../../connection/frame-tap.ts';
import type { InspectedShard } from '../../../shard/inspected-shard.ts';
import type { ShardMessage } from '../wire/messages.ts';

export class FrameReporter {
  readonly #observation: FrameObservation;

  constructor(shard: InspectedShard, clock: Clock, send: (message: ShardMessage) => void) {
    this.#observation = shard.observeFrames({
      onDispatches: ({ kinds, ...counts }) => send({ kind: 'dispatches', ...counts, kinds: [...kinds] }),
      onFrame: (head) => send({ kind: 'frame', head, at: clock.now() }),
    });
  }

  /** Sends the dispatches that were counted, so that they come before what is sent next. */
  flush(): void {
    this.#observation.flush();
  }
}
