/** Machines of a few states. Each has one feature that is hard to explore. */
import { assign, cancel, raise, sendTo, setup, stateIn } from 'xstate';

/** Three delays, each started by the one before. */
export const chain = setup({}).createMachine({
  id: 'chain',
  initial: 'a',
  states: {
    a: { after: { 100: 'b' } },
    b: { after: { 100: 'c' }, on: { back: 'a' } },
    c: { after: { 100: 'd' } },
    d: {},
  },
});

/** Two delays in one state. The later one can't fire, because the earlier one leaves the state. */
export const race = setup({}).createMachine({
  id: 'race',
  initial: 'running',
  states: {
    running: {
      after: { 20_000: 'late', 5_000: 'early' },
      on: { again: { target: 'running', reenter: true } },
    },
    early: {},
    late: {},
  },
});

/** Two regions with their own delays. One event leaves both. */
export const regions = setup({}).createMachine({
  id: 'regions',
  initial: 'both',
  states: {
    both: {
      type: 'parallel',
      on: { stop: 'stopped' },
      states: {
        slow: { initial: 'off', states: { off: { after: { 30: 'on' }, on: { go: 'on' } }, on: {} } },
        quick: {
          initial: 'off',
          states: { off: { after: { 10: 'on' }, on: { go: 'on' } }, on: { after: { 10: 'off' } } },
        },
      },
    },
    stopped: {},
  },
});

/** A heartbeat that repeats as long as an answer came in each interval. */
export const heartbeat = setup({
  guards: { isAnswered: stateIn({ beating: 'answered' }) },
  delays: { interval: ({ context }) => context.intervalMs },
  types: {
    context: {} as { intervalMs: number; count: number },
    input: {} as { intervalMs: number },
    events: {} as { type: 'answer' },
  },
}).createMachine({
  id: 'heartbeat',
  context: ({ input: { intervalMs } }) => ({ intervalMs, count: 0 }),
  initial: 'beating',
  states: {
    beating: {
      entry: assign({ count: ({ context }) => context.count + 1 }),
      initial: 'waiting',
      after: { interval: [{ guard: 'isAnswered', target: 'beating', reenter: true }, { target: 'dead' }] },
      states: { waiting: { on: { answer: 'answered' } }, answered: {} },
    },
    dead: {},
  },
});

/** Three tries. The pause after each is twice as long as the one before. */
export const tries = setup({
  types: { context: {} as { tries: number }, events: {} as { type: 'fail' } | { type: 'win' } },
  guards: { isLast: ({ context }) => context.tries === 3 },
  delays: { pause: ({ context }) => 100 * 2 ** context.tries },
  actions: { count: assign({ tries: ({ context }) => context.tries + 1 }) },
}).createMachine({
  id: 'tries',
  context: { tries: 0 },
  initial: 'trying',
  states: {
    trying: { on: { win: 'won', fail: 'judging' } },
    judging: { entry: 'count', always: [{ guard: 'isLast', target: 'lost' }, 'pausing'] },
    pausing: { after: { pause: 'trying' } },
    won: {},
    lost: {},
  },
});

/** Delayed events that are not `after`: one has an id, by which it is cancelled, and one has none. */
export const alarm = setup({
  types: { events: {} as { type: 'arm' } | { type: 'disarm' } | { type: 'ring' } | { type: 'tick' } },
}).createMachine({
  id: 'alarm',
  on: {
    arm: { actions: [raise({ type: 'ring' }, { id: 'ringing', delay: 50 }), raise({ type: 'tick' }, { delay: 20 })] },
    disarm: { actions: cancel('ringing') },
    ring: { actions: sendTo(({ self }) => self, { type: 'disarm' }) },
    tick: {},
  },
});

/** Two ways into one room. The context keeps which one was taken. */
export const room = setup({
  types: {
    context: {} as { enteredLeft: boolean },
    events: {} as { type: 'left' } | { type: 'right' } | { type: 'open' },
  },
  guards: { enteredLeft: ({ context }) => context.enteredLeft },
}).createMachine({
  id: 'room',
  context: { enteredLeft: false },
  initial: 'outside',
  states: {
    outside: { on: { left: { target: 'inside', actions: assign({ enteredLeft: true }) }, right: 'inside' } },
    inside: { on: { open: [{ guard: 'enteredLeft', target: 'found' }, { target: 'outside' }] } },
    found: {},
  },
});

/** Delays that are not valid times, and one whose transition has a guard that is always false. */
export const odd = setup({
  delays: { never: () => Infinity, atOnce: () => Number.NaN, before: () => -5 },
  guards: { never: () => false },
  types: { events: {} as { type: 'next' } },
}).createMachine({
  id: 'odd',
  initial: 'hanging',
  states: {
    hanging: { after: { never: 'idle' }, on: { next: 'hasty' } },
    hasty: { after: { atOnce: 'late' } },
    late: { after: { before: 'idle' } },
    idle: { after: { 10: { guard: 'never', target: 'hanging' } }, on: { next: 'hanging' } },
  },
});
