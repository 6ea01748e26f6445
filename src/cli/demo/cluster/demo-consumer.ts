/** The consumer of the demo. Its handler does what a bot would do: something with each dispatch, once. */
import { DispatchConsumer } from '../../../index.ts';
import type { Engine } from '../../../index.ts';
import { serialOf } from '../traffic-generator.ts';
import type { Delivered } from './messages.ts';

/** Resolves when the group exists. Calls `onDelivered` with each dispatch of the demo that is delivered. */
export async function startDemoConsumer(
  engine: Engine,
  group: string,
  from: 'start' | 'end',
  onDelivered: (delivered: Delivered) => void,
): Promise<DispatchConsumer> {
  const consumer = new DispatchConsumer({ engine, group, from });
  consumer.on('dispatch', ({ d }, shardId) => {
    const serial = serialOf(d);
    if (serial !== null) onDelivered({ shardId, serial });
  });
  await consumer.start();
  return consumer;
}
