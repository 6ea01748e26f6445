import { expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { ActorDependencies } from '../../src/actors/actor-dependencies.ts';

const newSystem = () => createActor(createMachine({})).system;

it('each actor system has its own parts, and one that has none is told so', () => {
  const parts = new ActorDependencies<string>();
  const [one, two, other] = [newSystem(), newSystem(), newSystem()];
  parts.set(one, 'of the first');
  parts.set(two, 'of the second');
  expect([parts.get(one), parts.get(two)]).toEqual(['of the first', 'of the second']);
  expect(() => parts.get(other)).toThrow('nothing was told of this actor system');
});
