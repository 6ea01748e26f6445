/** Copies of the shard's chart with one thing wrong: a test that passes on them too proves nothing. */
import { createMachine } from 'xstate';
import type { ShardMachine } from './shard-model.ts';
import { model } from './shard-model.ts';

type Config = Readonly<Record<string, unknown>>;

/** A copy with one state changed, named by the keys on the way to it. */
function edited(config: Config, [key, ...rest]: readonly string[], change: (state: Config) => Config): Config {
  if (key === undefined) return change(config);
  const states = config['states'] as Record<string, Config>;
  const state = states[key];
  if (state === undefined) throw new Error(`the chart has no state ${key}`);
  return { ...config, states: { ...states, [key]: edited(state, rest, change) } };
}

const broken = (path: string, change: (state: Config) => Config): ShardMachine =>
  createMachine(edited(model.config as unknown as Config, path.split('.'), change), model.implementations as never) as unknown as ShardMachine;

const withOut = (path: string, ...keys: readonly string[]): ShardMachine =>
  broken(path, (state) => Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(key))));

const withIn = (path: string, more: Config): ShardMachine => broken(path, (state) => ({ ...state, ...more }));

const also = (path: string, on: Config): ShardMachine => broken(path, (state) => ({ ...state, on: { ...(state['on'] as Config), ...on } }));

/** What is wrong, and the chart that has it. */
export const BROKEN = {
  'zombie waits for its socket without end': withOut('zombie', 'after'),
  'the first beat is never sent': withOut('online.heartbeat.jitter', 'after'),
  'RESUME goes out with no session': model.provide({ guards: { hasSession: () => true } }),
  'ready opens a second socket': withIn('online.session.ready', { invoke: { id: 'spare', src: 'socket' } }),
  'the socket outlives its state': withIn('reconnecting', { invoke: { id: 'socket', src: 'socket' } }),
  'IDENTIFY does not wait for its permit': withIn('online.session.identifying', { initial: 'awaitingReady' }),
  'a guard throws': model.provide({
    guards: {
      isFatal: () => {
        throw new Error('out of order');
      },
    },
  }),
  'whoever is about to return stays where it is': broken('disconnecting', ({ states, ...state }) => ({
    ...state,
    after: {},
    on: {},
    states: { ...(states as Config), returning: {} },
  })),
  'the pause between two connections never ends': withOut('reconnecting', 'after'),
  'nothing is fatal': model.provide({ guards: { isFatal: () => false } }),
  'a reconnection ends the session': withIn('reconnecting', { invoke: { src: 'closer', input: { closeWith: 1000 } } }),
  'a socket is listened to after it was given up': also('reconnecting', { 'socket.closed': 'online' }),
} as const satisfies Record<string, ShardMachine>;
