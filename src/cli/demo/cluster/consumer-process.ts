/** The program of the consumer process. */
import { redisEngine } from '../../../redis/index.ts';
import { configFromArguments, endWith, sayToDemo } from './child-link.ts';
import { startDemoConsumer } from './demo-consumer.ts';
import type { ConsumerProcessConfig, Delivered } from './messages.ts';

/** A message for each dispatch would cost more than the dispatch. */
const REPORT_EVERY_MS = 25;

const { redis, redisPid } = configFromArguments() as ConsumerProcessConfig;
let deliveries: Delivered[] = [];

function report(): void {
  if (deliveries.length > 0) sayToDemo({ kind: 'delivered', deliveries });
  deliveries = [];
}

const consumer = await startDemoConsumer(redisEngine(redis), 'bot', 'end', (delivered) => deliveries.push(delivered));
const timer = setInterval(report, REPORT_EVERY_MS);
endWith(
  async () => {
    await consumer.stop();
    clearInterval(timer);
    report();
  },
  () => {
    if (redisPid !== undefined) process.kill(redisPid, 'SIGKILL');
  },
);
sayToDemo({ kind: 'started' });
