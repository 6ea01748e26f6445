/**
 * A consumer of a cluster on Redis, run as a process by tests. What its handler does is in the content of each message:
 * nothing, `throw`, `hang`, or `wait MS`.
 */
import { DispatchConsumer } from '../../src/index.ts';
import type { CommandTarget, DeadDelivery, DispatchConsumerOptions, SendPayload } from '../../src/index.ts';
import type { GatewayPresenceUpdateData, GatewayRequestGuildMembersData } from 'discord-api-types/v10';
import { programEngine } from './program-engine.ts';
import type { ProgramEngineOptions } from './program-engine.ts';
import { batchedReport, programOptions, report, serveCalls } from './serve-calls.ts';

export interface ConsumerProcessOptions {
  readonly engine: ProgramEngineOptions;
  readonly consumer: Partial<DispatchConsumerOptions> & Pick<DispatchConsumerOptions, 'group'>;
}

/** A call of the handler, or its end. */
export interface Handling {
  readonly kind: 'begun' | 'done';
  readonly deliveryId: string;
  readonly id: string;
  readonly shardId: number;
  readonly guildId: string | null;
  readonly attempt: number;
}

const options = programOptions() as ConsumerProcessOptions;
const consumer = new DispatchConsumer({ ...options.consumer, engine: await programEngine(options.engine) });
const handling = batchedReport('handling');

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

consumer.on('fault', ({ code, message }) => report('fault', { code, message }));
for (const name of ['GUILD_CREATE', 'READY'] as const)
  consumer.onDispatch(name, (_, { dispatch, shardId }) =>
    report('structure', { t: dispatch.t, shardId, isRestored: dispatch.isRestored === true }),
  );
consumer.onDispatch('MESSAGE_CREATE', async ({ id, content, guild_id: guildId = null }, delivery) => {
  const record = { deliveryId: delivery.id, id, shardId: delivery.shardId, guildId, attempt: delivery.attempt };
  handling({ kind: 'begun', ...record } satisfies Handling);
  const [what, ms] = content.split(' ');
  if (what === 'throw') throw new Error('the handler does not like it');
  if (what === 'hang') await new Promise(() => undefined);
  if (what === 'wait') await wait(Number(ms));
  handling({ kind: 'done', ...record } satisfies Handling);
});

async function deadLetters(): Promise<DeadDelivery[]> {
  const found: DeadDelivery[] = [];
  for await (const letter of consumer.deadLetters()) found.push(letter);
  return found;
}

serveCalls({
  start: () => consumer.start(),
  stop: () => consumer.stop(),
  status: () => consumer.status(),
  send: (to: CommandTarget, payload: SendPayload, sendOptions?: { timeoutMs?: number }) =>
    consumer.send(to, payload, sendOptions),
  requestGuildMembers: async (request: GatewayRequestGuildMembersData) =>
    (await consumer.requestGuildMembers(request)).members.length,
  updatePresence: (presence: GatewayPresenceUpdateData, to?: { shardId: number }) =>
    consumer.updatePresence(presence, to),
  deadLetters: async () => (await deadLetters()).map(({ id, error }) => ({ id, error })),
  redeliverAll: async () => {
    for (const letter of await deadLetters()) await consumer.redeliver(letter);
  },
});
report('started', null);
