/** Copies of the shard's chart with one fault each, to prove that the invariants notice it. */
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

/** Fault → the chart that has it. */
export const BROKEN_CHARTS = {
  'zombie waits for its socket without a deadline': withoutKeys('zombie', 'after'),
  'the first heartbeat is never sent': withoutKeys('online.heartbeat.jitter', 'after'),
  'RESUME is sent without a session': model.provide({ guards: { hasSession: () => true } }),
  'ready opens a second socket': withKeys('online.session.ready', { invoke: { id: 'spare', src: 'socket' } }),
  'the socket outlives its state': withKeys('reconnecting', { invoke: { id: 'socket', src: 'socket' } }),
  'IDENTIFY does not wait for its permit': withKeys('online.session.identifying', { initial: 'awaitingReady' }),
  'a guard throws': model.provide({
    guards: {
      isFatal: () => {
        throw new Error('a bug of the guard');
      },
    },
  }),
  'reconnectRequested has no way out': withChangedState('disconnecting', ({ states, ...state }) => ({
    ...state,
    after: {},
    on: {},
    states: { ...(states as Config), reconnectRequested: {} },
  })),
  'reconnecting has no deadline': withoutKeys('reconnecting', 'after', 'on'),
  'no close code is fatal': model.provide({ guards: { isFatal: () => false } }),
  'a reconnect closes with 1000': withKeys('reconnecting', {
    invoke: { src: 'closeSocket', input: { closeWith: 1000 } },
  }),
  'reconnecting handles events of the old socket': withTransitions('reconnecting', { 'socket.closed': 'online' }),
} as const satisfies Record<string, ShardMachine>;
