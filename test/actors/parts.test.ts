import { expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { PartsBySystem } from '../../src/actors/parts.ts';

const newSystem = () => createActor(createMachine({})).system;

it('each actor system has its own parts, and one that has none is told so', () => {
  const parts = new PartsBySystem<string>();
  const [one, two, other] = [newSystem(), newSystem(), newSystem()];
  parts.set(one, 'of the first');
  parts.set(two, 'of the second');
  expect([parts.of(one), parts.of(two)]).toEqual(['of the first', 'of the second']);
  expect(() => parts.of(other)).toThrow('nothing was told of this actor system');
});
