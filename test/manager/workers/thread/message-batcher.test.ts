/** On virtual time, with a manager that acknowledges batches when the test says so. */
import { describe, expect, test } from 'vitest';
import type { Dispatch } from '../../../../src/index.ts';
import { MessageBatcher } from '../../../../src/manager/workers/thread/message-batcher.ts';
import { DispatchBatchReader } from '../../../../src/manager/workers/wire/dispatch-batch.ts';
import type { FromThread } from '../../../../src/manager/workers/wire/messages.ts';
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts';
import { madeDispatch } from '../../../kit/made-dispatch.ts';

type Batch = Extract<FromThread, { type: 'batch' }>;

const dispatch = (s: number, bytes = 0): Dispatch => madeDispatch('X', s, null, Buffer.alloc(bytes, s));

function createBatcher() {
  const clock = new VirtualClock();
  const batches: Batch[] = [];
  const pressure: boolean[] = [];
  const rooms = { count: 0 };
  const batcher = new MessageBatcher({
    clock,
    post: (message) => batches.push(message as Batch),
    onBeforePost: () => batcher.send(9, { kind: 'rewound' }),
    onBackPressure: (full) => pressure.push(full),
    onRoom: () => void (rooms.count += 1),
  });
  const sequences = (batch: Batch): (number | null)[] => {
    const reader = new DispatchBatchReader(batch.bytes);
    const found: (number | null)[] = [];
    while (reader.next() !== null) found.push(reader.sequence);
    return found;
  };
  return { clock, batcher, batches, pressure, rooms, sequences };
}

describe('MessageBatcher', () => {
  test('is overfull above maxPendingBytes, until the manager has taken a batch', () => {
    const { clock, batcher, batches, rooms } = createBatcher();
    batcher.maxPendingBytes = 1_000_000;
    for (let s = 1; s <= 2; s += 1) {
      batcher.sendDispatch(1, dispatch(s));
      clock.advance(0);
    }
    batcher.sendDispatch(1, dispatch(3, 900_000));
    expect(batcher.isOverfull).toBe(false);
    batcher.sendDispatch(1, dispatch(4, 200_000));
    expect(batcher.isOverfull).toBe(true);
    expect(rooms.count).toBe(0);
    batcher.acknowledge();
    clock.advance(0);
    expect(batches.length).toBe(3);
    expect(batcher.isOverfull).toBe(false);
    expect(rooms.count).toBe(1);
  });

  test('posts the messages of one turn as one batch, in order, with what onBeforePost adds at the end', () => {
    const { clock, batcher, batches, sequences } = createBatcher();
    batcher.send(1, { kind: 'clear' });
    batcher.sendDispatch(1, dispatch(1));
    batcher.send(2, { kind: 'clear' });
    batcher.sendDispatch(2, dispatch(2));
    expect(batches).toEqual([]);
    clock.advance(0);
    expect(batches.map(({ messages }) => JSON.parse(messages) as unknown)).toEqual([
      [
        { kind: 'clear', key: 1, after: 0 },
        { kind: 'clear', key: 2, after: 1 },
        { kind: 'rewound', key: 9, after: 2 },
      ],
    ]);
    expect(sequences(batches[0]!)).toEqual([1, 2]);
    clock.advance(1_000);
    expect(batches.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('has at most two batches in flight and collects later messages in one', () => {
    const { clock, batcher, batches, sequences } = createBatcher();
    for (let s = 1; s <= 5; s += 1) {
      batcher.sendDispatch(1, dispatch(s));
      clock.advance(0);
    }
    expect(batches.map(sequences)).toEqual([[1], [2]]);
    batcher.acknowledge();
    expect(batches.map(sequences)).toEqual([[1], [2], [3, 4, 5]]);
    batcher.acknowledge();
    batcher.acknowledge();
    expect(batches.length).toBe(3);
  });

  test('posts a large batch before the turn ends', () => {
    const { batcher, batches, sequences } = createBatcher();
    batcher.sendDispatch(1, dispatch(1, 100_000));
    batcher.sendDispatch(1, dispatch(2, 100_000));
    expect(batches.map(sequences)).toEqual([[1, 2]]);
  });

  test('reports back-pressure once when too much is pending, also while batches are acknowledged', () => {
    const { batcher, batches, pressure } = createBatcher();
    for (let s = 1; s <= 8; s += 1) batcher.sendDispatch(1, dispatch(s, 150_000));
    expect(batches.length).toBe(2);
    expect(pressure).toEqual([true]);
    expect(batcher.isFull).toBe(true);
    batcher.acknowledge();
    expect(batches.length).toBe(2);
    expect(pressure).toEqual([true]);
    expect(batcher.isFull).toBe(true);
  });
});
