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

const withChangedState = (path: string, change: (state: Config) => Config): ShardMachine =>
  createMachine(
    edited(model.config as unknown as Config, path.split('.'), change),
    model.implementations as never,
  ) as unknown as ShardMachine;

const withoutKeys = (path: string, ...keys: readonly string[]): ShardMachine =>
  withChangedState(path, (state) => Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(key))));

const withKeys = (path: string, more: Config): ShardMachine =>
  withChangedState(path, (state) => ({ ...state, ...more }));

const withTransitions = (path: string, on: Config): ShardMachine =>
  withChangedState(path, (state) => ({ ...state, on: { ...(state['on'] as Config), ...on } }));

/** What is wrong, and the chart that has it. */
export const BROKEN_CHARTS = {
  'zombie waits for its socket without end': withoutKeys('zombie', 'after'),
  'the first beat is never sent': withoutKeys('online.heartbeat.jitter', 'after'),
  'RESUME goes out with no session': model.provide({ guards: { hasSession: () => true } }),
  'ready opens a second socket': withKeys('online.session.ready', { invoke: { id: 'spare', src: 'socket' } }),
  'the socket outlives its state': withKeys('reconnecting', { invoke: { id: 'socket', src: 'socket' } }),
  'IDENTIFY does not wait for its permit': withKeys('online.session.identifying', { initial: 'awaitingReady' }),
  'a guard throws': model.provide({
    guards: {
      isFatal: () => {
        throw new Error('out of order');
      },
    },
  }),
  'whoever is about to return stays where it is': withChangedState('disconnecting', ({ states, ...state }) => ({
    ...state,
    after: {},
    on: {},
    states: { ...(states as Config), reconnectRequested: {} },
  })),
  'the pause between two connections never ends': withoutKeys('reconnecting', 'after'),
  'nothing is fatal': model.provide({ guards: { isFatal: () => false } }),
  'a reconnection ends the session': withKeys('reconnecting', {
    invoke: { src: 'closeSocket', input: { closeWith: 1000 } },
  }),
  'a socket is listened to after it was given up': withTransitions('reconnecting', { 'socket.closed': 'online' }),
} as const satisfies Record<string, ShardMachine>;
