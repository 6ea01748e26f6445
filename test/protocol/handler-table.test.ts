import { describe, expect, test } from 'vitest';
import { handlerByKind, handlerByType } from '../../src/protocol/handler-table.ts';

type Message = { readonly type: 'add'; readonly n: number } | { readonly type: 'reset' };

describe('handlerByType() and handlerByKind()', () => {
  test('call the handler of a message with the context', () => {
    const handle = handlerByType<Message, number[]>({
      add: ({ n }, list) => void list.push(n),
      reset: (_, list) => void list.splice(0),
    });
    const list: number[] = [];
    handle({ type: 'add', n: 1 }, list);
    handle({ type: 'reset' }, list);
    handle({ type: 'add', n: 2 }, list);
    expect(list).toEqual([2]);
  });

  test.each([null, undefined, 'add', 7, [], {}, { type: 'toString' }, { type: 'other' }, { type: {} }, { kind: 'no' }])(
    'ignore %j, which is no message of the table',
    (unknown) => {
      const calls: unknown[] = [];
      handlerByType<{ type: 'add' }>({ add: (message) => calls.push(message) })(unknown as never);
      handlerByKind<{ kind: 'add' }>({ add: (message) => calls.push(message) })(unknown as never);
      expect(calls).toEqual([]);
    },
  );
});
