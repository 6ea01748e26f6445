/** Commands to the owner of a shard. */
import assert from 'node:assert/strict';
import type { Command, CommandAnswer } from '../../cluster/ports/command-bus.ts';
import type { EngineCase } from './engine-case.ts';
import { engineCase } from './engine-kit.ts';
import type { EngineKit } from './engine-kit.ts';

const commandOf = (id: string, more: Partial<Command> = {}): Command => ({
  id,
  shardId: 0,
  name: 'send',
  data: { op: 3, d: { id } },
  from: 'sender',
  timeoutMs: 600_000,
  ...more,
});

const idsOf = (commands: readonly Command[]): string[] => commands.map(({ id }) => id);

/** In the same partition as shard 0, for an engine with at most 16 partitions. */
const PROBED_SHARD = 720_720;
const PROBE = 'probe';

/**
 * Returns the answers to an instance, as they come. An engine that subscribes in another process takes its time: commands
 * that replace each other are answered at once, so the first such answer shows that it has.
 */
async function listenFor(kit: EngineKit, instance: string): Promise<CommandAnswer[]> {
  const [answers, probed]: [CommandAnswer[], CommandAnswer[]] = [[], []];
  const { commands } = await kit.connect();
  commands.answers(instance, (answer) => (answer.id.startsWith(PROBE) ? probed : answers).push(answer));
  for (let tries = 0; probed.length === 0; tries += 1) {
    assert.ok(tries < 2_000, 'a command that is replaced is answered');
    const more = { shardId: PROBED_SHARD, key: instance, from: instance };
    await commands.send(commandOf(`${PROBE} ${instance} ${tries}`, more));
    await kit.wait(10);
  }
  return answers;
}

export const COMMAND_CASES: readonly EngineCase[] = [
  engineCase('gives the owner of a shard its commands in their order, with their data', async (kit) => {
    const [owner, sender] = [await kit.member('owner'), await kit.connect()];
    const lease = await owner.claim(0);
    const data = { op: 8, d: { guild_id: '81384788765712384', query: 'ž"\\', limit: 0, user_ids: ['1', null, true] } };
    const sent = [commandOf('a', { data }), commandOf('b', { data: null }), commandOf('c')];
    for (const command of [...sent, commandOf('other', { shardId: 1 })]) await sender.commands.send(command);
    const first = await owner.connection.commands.take(lease, 2, []);
    const [a, b, c] = sent;
    assert.deepEqual(
      first.map(({ id, shardId, name, data: taken, from }) => ({ id, shardId, name, data: taken, from })),
      [a, b].map((command) => ({ id: command?.id, shardId: 0, name: 'send', data: command?.data, from: 'sender' })),
    );
    assert.deepEqual(idsOf(await owner.connection.commands.take(lease, 10, ['a', 'b'])), [c?.id]);
    assert.deepEqual(await owner.connection.commands.take(lease, 10, ['a', 'b', 'c']), []);
  }),

  engineCase('gives commands again if the answer of take() was lost', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { commands } = owner.connection;
    for (const id of ['a', 'b', 'c', 'd']) await commands.send(commandOf(id));
    await commands.take(lease, 1, []);
    await commands.take(lease, 2, ['a']);
    assert.deepEqual(idsOf(await commands.take(lease, 10, ['a'])), ['b', 'c', 'd']);
  }),

  engineCase('gives what was taken and not done to the next owner, before what came later', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    for (const id of ['a', 'b', 'c']) await owner.connection.commands.send(commandOf(id));
    const [a] = await owner.connection.commands.take(lease, 2, []);
    assert.ok(a);
    await owner.connection.commands.done(lease, a, { id: 'a', kind: 'done', result: null });
    await owner.ownership.release(lease, { to: next.instance });
    assert.deepEqual(idsOf(await next.connection.commands.take(await next.claim(0), 10, [])), ['b', 'c']);
  }),

  engineCase('gives what was taken and not done to the next owner of a shard whose owner is gone', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    for (const id of ['a', 'b', 'c']) await owner.connection.commands.send(commandOf(id));
    await owner.connection.commands.take(lease, 2, []);
    await kit.outliveLeases();
    assert.deepEqual(idsOf(await next.connection.commands.take(await next.claim(0), 10, [])), ['a', 'b', 'c']);
  }),

  engineCase('keeps commands while a shard has no owner', async (kit) => {
    const [sender, owner] = [await kit.connect(), await kit.member('owner')];
    await sender.commands.send(commandOf('a'));
    await kit.wait(50);
    assert.deepEqual(idsOf(await owner.connection.commands.take(await owner.claim(0), 10, [])), ['a']);
  }),

  engineCase('drops commands that were not taken in time', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { commands } = owner.connection;
    await commands.send(commandOf('late', { timeoutMs: 30 }));
    await commands.send(commandOf('b'));
    await kit.wait(60);
    assert.deepEqual(idsOf(await commands.take(lease, 10, [])), ['b']);
  }),

  engineCase('drops a late command that an earlier owner took and did not finish', async (kit) => {
    const [owner, next] = [await kit.member('owner'), await kit.member('next')];
    const lease = await owner.claim(0);
    await owner.connection.commands.send(commandOf('late', { timeoutMs: 500 }));
    assert.deepEqual(idsOf(await owner.connection.commands.take(lease, 10, [])), ['late']);
    await kit.wait(520);
    await owner.ownership.release(lease);
    assert.deepEqual(await next.connection.commands.take(await next.claim(0), 10, []), []);
  }),

  engineCase('replaces commands of the same key that wait, and tells their senders', async (kit) => {
    const owner = await kit.member('owner');
    const [lease, answers] = [await owner.claim(0), await listenFor(kit, 'sender')];
    const { commands } = owner.connection;
    await commands.send(commandOf('taken', { key: 'presence' }));
    assert.deepEqual(idsOf(await commands.take(lease, 1, [])), ['taken']);
    await commands.send(commandOf('old', { key: 'presence' }));
    await commands.send(commandOf('between'));
    await commands.send(commandOf('other', { key: 'voice' }));
    await commands.send(commandOf('new', { key: 'presence' }));
    await kit.eventually('the sender hears that it is superseded', () => answers.length > 0);
    assert.deepEqual(answers, [{ id: 'old', kind: 'superseded' }]);
    assert.deepEqual(idsOf(await commands.take(lease, 10, ['taken'])), ['between', 'other', 'new']);
  }),

  engineCase('adds a command once, however often it is sent', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { commands } = owner.connection;
    for (const id of ['a', 'b', 'a']) await commands.send(commandOf(id));
    const [a, b] = await commands.take(lease, 10, []);
    assert.ok(a && b);
    await commands.send(commandOf('b'));
    await commands.done(lease, a, { id: 'a', kind: 'done', result: null });
    await commands.send(commandOf('a'));
    assert.deepEqual(await commands.take(lease, 10, ['b']), []);
  }),

  engineCase('sends an answer to the instance that sent the command, once', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const [answers, others] = [await listenFor(kit, 'sender'), await listenFor(kit, 'another')];
    const { commands } = owner.connection;
    await commands.send(commandOf('a'));
    await commands.send(commandOf('b'));
    const [a, b] = await commands.take(lease, 10, []);
    assert.ok(a && b);
    const done: CommandAnswer = { id: 'a', kind: 'done', result: { members: [{ nick: 'ž' }], notFound: [] } };
    const failed: CommandAnswer = { id: 'b', kind: 'failed', code: 'PAYLOAD_TOO_LARGE', message: 'too large' };
    await commands.done(lease, a, done);
    await commands.done(lease, a, done);
    await commands.done(lease, b, failed);
    await kit.eventually('the answers arrive', () => answers.length >= 2);
    assert.deepEqual(answers, [done, failed]);
    assert.deepEqual(others, []);
    assert.deepEqual(await commands.take(lease, 10, []), []);
  }),

  engineCase('calls no listener for answers that was removed', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const answers = await listenFor(kit, 'sender');
    const removed: CommandAnswer[] = [];
    owner.connection.commands.answers('sender', (answer) => removed.push(answer))();
    await owner.connection.commands.send(commandOf('a'));
    const [a] = await owner.connection.commands.take(lease, 10, []);
    assert.ok(a);
    await owner.connection.commands.done(lease, a, { id: 'a', kind: 'done', result: null });
    await kit.eventually('the answer arrives', () => answers.length > 0);
    assert.deepEqual(removed, []);
  }),

  engineCase('wakes the owner of a shard when a command comes, and names the shard', async (kit) => {
    const [owner, sender] = [await kit.member('owner'), await kit.connect()];
    const leases = [await owner.claim(0), await owner.claim(1)];
    const { signal } = new AbortController();
    let woken: readonly number[] | null = null;
    void owner.connection.commands.wait(leases, { timeoutMs: 600_000, signal }).then((shards) => (woken = shards));
    await kit.wait(100);
    assert.equal(woken, null);
    await sender.commands.send(commandOf('a', { shardId: 1 }));
    await kit.eventually('the owner wakes', () => woken !== null);
    assert.deepEqual(woken, [1]);
  }),

  engineCase('ends the wait of an owner with no shard after its time, or when aborted', async (kit) => {
    const owner = await kit.member('owner');
    const lease = await owner.claim(0);
    const { commands } = owner.connection;
    const abort = new AbortController();
    const ends: (readonly number[])[] = [];
    void commands.wait([lease], { timeoutMs: 60, signal: abort.signal }).then((shards) => ends.push(shards));
    await kit.eventually('the wait is over', () => ends.length === 1);
    void commands.wait([lease], { timeoutMs: 600_000, signal: abort.signal }).then((shards) => ends.push(shards));
    await kit.wait(20);
    abort.abort();
    await kit.eventually('the wait is aborted', () => ends.length === 2);
    assert.deepEqual(ends, [[], []]);
  }),
];
