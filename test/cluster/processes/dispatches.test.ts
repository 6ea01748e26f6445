/** What a cluster promises of published dispatches, with consumers as processes that die, freeze and fail. */
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsumerProcess } from '../../kit/cluster-processes.ts';
import { APP, LEASE_TTL_MS, ProcessCluster } from '../../kit/process-cluster.ts';
import { redisServerPath } from '../../kit/redis-server.ts';
import { PATIENCE_MS, pause, until } from '../../kit/until.ts';

const OPTIONS = { maxDeliveries: 2, claimAfterMs: 2_000 };
const hasOne = ({ begun }: ConsumerProcess, ids: readonly string[]): boolean =>
  ids.filter((id) => begun.includes(id)).length === 1;
const sequenceOf = (deliveryId: string): number => Number(deliveryId.split('/').at(-1));

describe.skipIf(redisServerPath() === null)('consumers as processes', { timeout: PATIENCE_MS }, () => {
  let cluster: ProcessCluster;

  beforeAll(async () => {
    cluster = await ProcessCluster.start({ shards: 2, manager: { publish: { maxLength: 1_000 } } });
    await cluster.node('node');
  }, PATIENCE_MS);
  afterAll(() => cluster[Symbol.asyncDispose]());

  const inVain = () => cluster.state;
  const handles = (consumer: ConsumerProcess, id: string | undefined): Promise<void> =>
    until(`${id} is handled`, () => consumer.begun.includes(id!), inVain);

  /** Two consumers of one group, each with one stream. */
  async function pair(group: string): Promise<[ofFirst: ConsumerProcess, ofSecond: ConsumerProcess]> {
    const [one, other] = await Promise.all([
      cluster.consumer({ group, ...OPTIONS }),
      cluster.consumer({ group, ...OPTIONS }),
    ]);
    await until(
      'each has one stream',
      async () => {
        const ids = cluster.send();
        await until('both are handled', () => ids.every((id) => [...one.begun, ...other.begun].includes(id)), inVain);
        return hasOne(one, ids) && hasOne(other, ids);
      },
      inVain,
    );
    const isFirst = one.handlings.at(-1)?.shardId === 0;
    return isFirst ? [one, other] : [other, one];
  }

  test('15: a stream has one reader of a group, in the order of the shard, and one that was frozen begins nothing it had read', async () => {
    const [frozen, other] = await pair('order');
    const [running] = cluster.send({ shardId: 0, content: 'wait 200', guildId: '1' });
    await handles(frozen, running);
    const waiting = Array.from({ length: 20 }, () => cluster.send({ shardId: 0, content: 'wait 1', guildId: '1' })[0]!);
    frozen.program.freeze();
    await until('the other has the stream', () => other.done.includes(waiting.at(-1)!), inVain);
    frozen.program.thaw();
    await until('it is awake', () => frozen.done.includes(running!), inVain);
    const [last] = cluster.send({ shardId: 0, content: '', guildId: '1' });
    await until('the last is handled', () => [...frozen.begun, ...other.begun].includes(last!), inVain);

    const ofOther = other.begun.filter((id) => waiting.includes(id));
    expect(ofOther).toEqual(waiting.slice(-ofOther.length));
    // What was under way when the process was frozen comes again, and nothing else.
    expect(ofOther.filter((id) => frozen.begun.includes(id)).length).toBeLessThanOrEqual(1);
    for (const consumer of [frozen, other]) {
      const sequences = consumer.handlings
        .filter(({ kind, shardId, attempt }) => kind === 'begun' && shardId === 0 && attempt === 1)
        .map(({ deliveryId }) => sequenceOf(deliveryId));
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    for (const { program } of [frozen, other]) await program.call('stop');
  });

  test('16: a handler that throws or never settles gets it again, then it is a dead letter, and other guilds go on', async () => {
    const consumer = await cluster.consumer({ group: 'failing', from: 'end', ...OPTIONS });
    const [thrown] = cluster.send({ shardId: 0, content: 'throw', guildId: '1' });
    const [hanging] = cluster.send({ shardId: 1, content: 'hang', guildId: '2' });
    const [other] = cluster.send({ shardId: 0, guildId: '3' });
    await until(
      'both are dead',
      async () => {
        const { deadLetters } = await consumer.program.call<{ deadLetters: number }>('status');
        return deadLetters === 2;
      },
      inVain,
    );
    const attempts = (id: string | undefined): number[] =>
      consumer.handlings.filter((each) => each.kind === 'begun' && each.id === id).map(({ attempt }) => attempt);

    expect({ thrown: attempts(thrown), hanging: attempts(hanging), other: attempts(other) }).toEqual({
      thrown: [1, 2],
      hanging: [1, 2],
      other: [1],
    });
    const begun = consumer.begun;
    expect(begun.indexOf(other!)).toBeLessThan(begun.lastIndexOf(thrown!));
    const letters = await consumer.program.call<{ error: string }[]>('deadLetters');
    expect(letters.map(({ error }) => error).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      expect.stringContaining('has not settled'),
      expect.stringContaining('the handler does not like it'),
    ]);
    await consumer.program.call('redeliverAll');
    await until('it comes again', () => attempts(thrown).length === 4, inVain);
    expect(attempts(thrown)).toEqual([1, 2, 1, 2]);
    await consumer.program.kill();
  });

  test('17: another consumer has the streams of one that was killed, with what was under way before newer ones', async () => {
    const [killed, other] = await pair('killed');
    const [running] = cluster.send({ shardId: 0, content: 'wait 60000', guildId: '1' });
    await handles(killed, running);
    const newer = Array.from({ length: 3 }, () => cluster.send({ shardId: 0, content: 'wait 1', guildId: '4' })[0]!);
    await killed.program.kill();
    newer.push(cluster.send({ shardId: 0, content: 'wait 1', guildId: '4' })[0]!);
    await handles(other, newer.at(-1));

    const shared = other.begun.filter((id) => id === running || newer.includes(id));
    expect(shared[0]).toBe(running);
    expect(shared.at(-1)).toBe(newer.at(-1));
    await other.program.kill();
  });

  test('17: stop() lets handlers finish, and what they have handled does not come again', async () => {
    const [stopping, other] = await pair('stopping');
    const [running] = cluster.send({ shardId: 0, content: 'wait 1000', guildId: '1' });
    await handles(stopping, running);
    await stopping.program.call('stop');
    const [next] = cluster.send({ shardId: 0, guildId: '1' });
    await handles(other, next);

    expect(stopping.done).toContain(running);
    expect(other.begun).not.toContain(running);
    await other.program.call('stop');
  });

  test('18: each group gets all from where it began, and a group that Redis has lost begins at the start of what is there', async () => {
    const [one, other] = await Promise.all(['one', 'other'].map((group) => cluster.consumer({ group, from: 'end' })));
    // At once: start() has resolved.
    const ids = Array.from({ length: 10 }, () => cluster.send()).flat();
    await until(
      'each has all',
      () => [one!, other!].every(({ begun }) => ids.every((id) => begun.includes(id))),
      inVain,
    );
    expect(new Set(one!.begun)).toEqual(new Set(ids));
    expect(new Set(other!.begun)).toEqual(new Set(ids));

    one!.program.freeze();
    const client = await createClient({ url: cluster.redis.url }).connect();
    const more = cluster.send();
    await until('they are in the stream', () => more.every((id) => cluster.tail.messageIds.has(id)));
    for (const shardId of [0, 1]) await client.xGroupDestroy(`{${APP}.p0}:stream:${shardId}`, 'one');
    client.destroy();
    one!.program.thaw();
    await until('it has what came meanwhile', () => more.every((id) => one!.begun.includes(id)), inVain);
    expect(one!.begun).toHaveLength(ids.length + more.length);
    for (const consumer of [one!, other!]) await consumer.program.call('stop');
  });

  test('20: the bytes of a dispatch are in the stream as they came from the socket', async () => {
    const d = {
      id: 'exact',
      content: 'ä 𝕏 \u2028 "quoted"',
      nested: { big: '9007199254740993', list: [1, 2.5, null] },
    };
    cluster.gateway.dispatch('MESSAGE_CREATE', d, { shardId: 0 });
    await until('it is in the stream', () => cluster.tail.messageIds.has('exact'));
    const { sequence } = [...cluster.tail.dispatches.values()].find(({ id }) => id === 'exact')!;
    const client = await createClient({ url: cluster.redis.url }).connect();
    const [last] = (await client.xRevRange(`{${APP}.p0}:stream:0`, '+', '-', { COUNT: 1 })) ?? [];
    client.destroy();

    expect(last?.message['d']).toBe(`{"t":"MESSAGE_CREATE","s":${sequence},"op":0,"d":${JSON.stringify(d)}}`);
  });

  test('19: what was trimmed before a group had read it is counted, and said', async () => {
    const consumer = await cluster.consumer({ group: 'slow', from: 'end' });
    const [first] = cluster.send({ shardId: 0 });
    await handles(consumer, first);
    consumer.program.freeze();
    const ids = Array.from({ length: 2_500 }, () => cluster.send({ shardId: 0 })[0]!);
    await until('all are published', () => cluster.tail.messageIds.has(ids.at(-1)!), inVain);
    await pause(LEASE_TTL_MS);
    consumer.program.thaw();
    await handles(consumer, ids.at(-1));

    const handled = consumer.begun.filter((id) => ids.includes(id));
    const trimmed = consumer.faults
      .filter(({ code }) => code === 'DISPATCHES_TRIMMED')
      .reduce((sum, { message }) => sum + Number.parseInt(message, 10), 0);
    expect(trimmed).toBeGreaterThan(1_000);
    expect(handled).toEqual(ids.slice(-handled.length));
    expect(trimmed + handled.length).toBe(ids.length);
    await consumer.program.kill();
  });
});
