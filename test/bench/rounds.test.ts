import { expect, test } from 'vitest';
import { measureRounds, problemText } from '../../bench/rounds.ts';

const silent = { begin: () => undefined, end: () => undefined, failed: () => undefined };

test('the cases of a kind are measured in turn, and each round begins with another', async () => {
  const order: string[] = [];
  const caseOf = (id: string) => ({
    id,
    rounds: 2,
    problem: null,
    measure: () => {
      order.push(id);
      return Promise.resolve({ ms: order.length });
    },
  });
  const results = await measureRounds([caseOf('a'), caseOf('b')], silent);
  expect(order).toEqual(['a', 'b', 'b', 'a']);
  expect(results.map(({ samples }) => samples.map(({ values }) => values['ms']))).toEqual([
    [1, 4],
    [2, 3],
  ]);
});

test('a case that fails twice is not measured again, and says why', async () => {
  let calls = 0;
  const failing = {
    id: 'a',
    rounds: 3,
    problem: null,
    measure: () => {
      calls += 1;
      return Promise.reject(new Error('no gateway'));
    },
  };
  expect(await measureRounds([failing], silent)).toEqual([{ id: 'a', problem: 'no gateway', samples: [] }]);
  expect(calls).toBe(2);
});

test.each([
  ['Error: no gateway\n    at somewhere', 'no gateway'],
  [
    'the process ended with 1\n…{"a":1}\n         ^\n\nSyntaxError: bad JSON\n    at x',
    'the process ended with 1 SyntaxError: bad JSON',
  ],
  ['x'.repeat(500), 'x'.repeat(160)],
])('a problem is one short line', (message, expected) => {
  expect(problemText(new Error(message))).toBe(expected);
});
