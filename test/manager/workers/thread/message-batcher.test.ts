/** What a thread says, and when: on virtual time, with a manager that takes it when it likes. */
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../src/index.ts';
import type { Dispatch } from '../../../../src/index.ts';
import type { FromThread } from '../../../../src/manager/workers/wire/messages.ts';
import { MessageBatcher } from '../../../../src/manager/workers/thread/message-batcher.ts';
import { serializeError, deserializeError } from '../../../../src/manager/workers/wire/serialized-error.ts';
import { DispatchBatchWriter, DispatchBatchReader } from '../../../../src/manager/workers/wire/dispatch-batch.ts';
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts';

type Batch = Extract<FromThread, { type: 'batch' }>;

/** As a shard hands it out. */
const dispatch = (s: number, bytes = 0): Dispatch => ({ op: 0, t: 'X', s, d: null, raw: Buffer.alloc(bytes, s) });

function createBatcher() {
  const clock = new VirtualClock();
  const batches: Batch[] = [];
  const pressure: boolean[] = [];
  const batcher = new MessageBatcher({
    clock,
    post: (message) => batches.push(message as Batch),
    onBeforePost: () => batcher.send(9, { kind: 'rewound' }),
    onBackPressure: (full) => pressure.push(full),
  });
  const sequences = (batch: Batch): (number | null)[] => {
    const reader = new DispatchBatchReader(batch.bytes);
    const found: (number | null)[] = [];
    while (reader.next() !== null) found.push(reader.sequence);
    return found;
  };
  return { clock, outbox: batcher, batches, pressure, sequences };
}

describe('an outbox', () => {
  test('says in one message what is said in one turn, in its order, with what is added at the end', () => {
    const { clock, outbox, batches, sequences } = createBatcher();
    outbox.send(1, { kind: 'clear' });
    outbox.sendDispatch(1, dispatch(1));
    outbox.send(2, { kind: 'clear' });
    outbox.sendDispatch(2, dispatch(2));
    expect(batches).toEqual([]);
    clock.advance(0);
    expect(batches.map(({ messages }) => messages)).toEqual([
      [
        { kind: 'clear', key: 1, after: 0 },
        { kind: 'clear', key: 2, after: 1 },
        { kind: 'rewound', key: 9, after: 2 },
      ],
    ]);
    expect(sequences(batches[0]!)).toEqual([1, 2]);
    clock.advance(1_000);
    expect([batches.length, clock.pending]).toEqual([1, 0]);
  });

  test('has two messages under way at the most; what comes meanwhile makes one', () => {
    const { clock, outbox, batches, sequences } = createBatcher();
    for (let s = 1; s <= 5; s += 1) {
      outbox.sendDispatch(1, dispatch(s));
      clock.advance(0);
    }
    expect(batches.map(sequences)).toEqual([[1], [2]]);
    outbox.acknowledge();
    expect(batches.map(sequences)).toEqual([[1], [2], [3, 4, 5]]);
    outbox.acknowledge();
    outbox.acknowledge();
    expect(batches.length).toBe(3);
  });

  test('does not wait for the end of a turn that has much to say', () => {
    const { outbox, batches, sequences } = createBatcher();
    outbox.sendDispatch(1, dispatch(1, 100_000));
    outbox.sendDispatch(1, dispatch(2, 100_000));
    expect(batches.map(sequences)).toEqual([[1, 2]]);
  });

  test('tells of pressure when too much waits, once, and when it is gone', () => {
    const { outbox, batches, pressure } = createBatcher();
    for (let s = 1; s <= 8; s += 1) outbox.sendDispatch(1, dispatch(s, 150_000));
    expect([batches.length, pressure, outbox.isFull]).toEqual([2, [true], true]);
    outbox.acknowledge();
    expect([batches.length, pressure, outbox.isFull]).toEqual([2, [true], true]);
  });
});

describe('records', () => {
  test('give back what was added: key, sequence or none, and bytes, of any size', () => {
    const writer = new DispatchBatchWriter();
    const added: [number, number | null, Buffer][] = [
      [1, 7, Buffer.from('a')],
      [4_000_000_000, null, Buffer.alloc(0)],
      [2, 999_999_999_999_999, Buffer.alloc(300_000, 'b')],
      [3, 0, Buffer.from('é')],
    ];
    for (let round = 0; round < 2; round += 1) {
      for (const [key, sequence, bytes] of added) writer.add(key, sequence ?? undefined, bytes);
      expect(writer.count).toBe(4);
      const cursor = new DispatchBatchReader(writer.takeBuffer());
      const found: [number, number | null, Buffer][] = [];
      for (let bytes = cursor.next(); bytes !== null; bytes = cursor.next())
        found.push([cursor.key, cursor.sequence, bytes]);
      expect(found).toEqual(added);
      expect([writer.count, writer.byteLength]).toEqual([0, 0]);
    }
  });
});

describe('an error that crosses', () => {
  test('of ours keeps its class, code, hint, close code and causes', () => {
    const cause = Object.assign(new TypeError('no disk', { cause: 'a text' }), { code: 'ENOSPC' });
    const error = new GatewayError('SESSION_STORE_FAILED', 'not saved', { hint: 'Make room.', closeCode: 4000, cause });
    const back = deserializeError(structuredClone(serializeError(error)));
    expect(back).toBeInstanceOf(GatewayError);
    expect(back).toMatchObject({
      code: 'SESSION_STORE_FAILED',
      message: 'not saved',
      hint: 'Make room.',
      closeCode: 4000,
    });
    expect(back.cause).toMatchObject({
      name: 'TypeError',
      message: 'no disk',
      code: 'ENOSPC',
      stack: cause.stack,
      cause: new Error('a text'),
    });
  });

  test('may be anything that was thrown', () => {
    const nameless = Object.create(null) as object;
    const loop = new Error('loop');
    loop.cause = loop;
    expect(
      [null, 7, nameless].map((thrown) => deserializeError(structuredClone(serializeError(thrown))).message),
    ).toEqual(['null', '7', 'something that is no text']);
    expect(deserializeError(structuredClone(serializeError(loop))).message).toBe('loop');
  });
});
