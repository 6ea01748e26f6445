import { expect, it } from 'vitest';
import { ReadHabits } from '../../src/shard/read-habits.ts';

const demands = (habits: ReadHabits, count: number): string[] => Array.from({ length: count }, () => habits.demandFor('A'));

it('what was never read is not expected to be', () => {
  expect(demands(new ReadHabits(), 3)).toEqual(['unlikely', 'unlikely', 'unlikely']);
});

it('what was read is expected to be, and every eighth is looked at', () => {
  const habits = new ReadHabits();
  habits.wasRead('A');
  expect(demands(habits, 9)).toEqual([...Array<string>(7).fill('certain'), 'likely', 'certain']);
  expect(habits.demandFor('B')).toBe('unlikely');
});

it('what is not read any more is no longer expected to be after 64', () => {
  const habits = new ReadHabits();
  habits.wasRead('A');
  expect(demands(habits, 64).filter((demand) => demand === 'likely')).toHaveLength(8);
  expect(demands(habits, 2)).toEqual(['unlikely', 'unlikely']);
});

it('what is read now and then stays expected', () => {
  const habits = new ReadHabits();
  for (let count = 0; count < 1_000; count += 1) {
    if (count % 50 === 0) habits.wasRead('A');
    expect(habits.demandFor('A')).not.toBe('unlikely');
  }
});

it('kinds without end take no memory without end', () => {
  const habits = new ReadHabits();
  for (let count = 0; count < 5_000; count += 1) habits.wasRead(`X${count}`);
  expect([habits.demandFor('X0'), habits.demandFor('X4999')]).toEqual(['unlikely', 'certain']);
});

it('a thousand kinds are remembered; with one more it starts anew', () => {
  const habits = new ReadHabits();
  for (let count = 0; count < 1_000; count += 1) habits.wasRead(`X${count}`);
  expect(habits.demandFor('X0')).toBe('certain');
  habits.wasRead('X1000');
  expect([habits.demandFor('X0'), habits.demandFor('X1000')]).toEqual(['unlikely', 'certain']);
});
