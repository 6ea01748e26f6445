import { assign, setup } from 'xstate';

export const door = setup({
  types: {
    context: {} as { isLocked: boolean },
    events: {} as { type: 'open' } | { type: 'close' } | { type: 'lock' } | { type: 'unlock' },
  },
  guards: { isUnlocked: ({ context }) => !context.isLocked },
  delays: { alarmDelay: 10_000 },
}).createMachine({
  id: 'door',
  context: { isLocked: false },
  initial: 'shut',
  states: {
    shut: {
      on: {
        open: { guard: 'isUnlocked', target: 'ajar' },
        lock: { actions: assign({ isLocked: true }) },
        unlock: { actions: assign({ isLocked: false }) },
      },
    },
    ajar: {
      on: { close: 'shut' },
      after: { alarmDelay: 'alarm' },
    },
    alarm: {
      on: { close: 'shut' },
    },
  },
});
