import { describe, expect, test } from 'vitest';
import { handlerByKind, handlerByType } from '../../src/protocol/handler-table.ts';

describe('handlerByType', () => {
  type Message = { type: 'add'; amount: number } | { type: 'reset' };

  test('passes a message and the context to the handler of its type', () => {
    const handle = handlerByType<Message, { sum: number }>({
      add: ({ amount }, context) => void (context.sum += amount),
      reset: (_, context) => void (context.sum = 0),
    });
    const context = { sum: 1 };
    handle({ type: 'add', amount: 2 }, context);
    expect(context.sum).toBe(3);
    handle({ type: 'reset' }, context);
    expect(context.sum).toBe(0);
  });
});

describe('handlerByKind', () => {
  type Message = { kind: 'left'; steps: number } | { kind: 'right'; steps: number };

  test('passes a message to the handler of its kind', () => {
    const steps: number[] = [];
    const handle = handlerByKind<Message>({
      left: (message) => void steps.push(-message.steps),
      right: (message) => void steps.push(message.steps),
    });
    handle({ kind: 'left', steps: 1 });
    handle({ kind: 'right', steps: 2 });
    expect(steps).toEqual([-1, 2]);
  });
});
