/** Shows the steps of the statechart of a shard to observers in the manager's thread. */
import type { Clock } from '../../../clock.ts';
import type { InspectedShard } from '../../../shard/inspected-shard.ts';
import type { ShardMessage } from '../wire/messages.ts';

export function reportSteps(shard: InspectedShard, clock: Clock, send: (message: ShardMessage) => void): void {
  let last = shard.active.join(' ');
  send({ kind: 'active', active: shard.active });
  shard.observeSteps(({ event, taken, active }) => {
    const key = active.join(' ');
    send({ kind: 'step', event, taken, active: key === last ? null : active, at: clock.now() });
    last = key;
  });
}
