import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { dependenciesOf, setDependencies } from '../../src/actors/actor-dependencies.ts';
import type { ActorDependencies } from '../../src/actors/actor-dependencies.ts';

const newSystem = () => createActor(createMachine({})).system;

describe('dependenciesOf', () => {
  test('returns the dependencies of each actor system, and throws for a system that has none', () => {
    const [first, second] = [{}, {}] as [ActorDependencies, ActorDependencies];
    const [one, two, other] = [newSystem(), newSystem(), newSystem()];
    setDependencies(one, first);
    setDependencies(two, second);
    expect(dependenciesOf(one)).toBe(first);
    expect(dependenciesOf(two)).toBe(second);
    expect(() => dependenciesOf(other)).toThrow('this actor system has no dependencies');
  });
});
