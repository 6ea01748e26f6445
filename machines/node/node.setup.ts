/** Every action, delay and actor that the chart of a node uses, by name. `node.machine.ts` says when each applies. */
import { assign, emit, sendTo, setup } from 'xstate';
import type { Failure } from '../manager/events.ts';
import type { NodeContext, NodeInput } from './context.ts';
import { nodeDelays } from './delays.ts';
import type { EngineCommand, NodeEmitted, NodeEvent } from './events.ts';
import { unimplementedActor } from '../setup-helpers.ts';
import type { EventArgs } from '../setup-helpers.ts';

export const nodeSetup = setup({
  types: {
    context: {} as NodeContext,
    events: {} as NodeEvent,
    emitted: {} as NodeEmitted,
    input: {} as NodeInput,
  },
  actors: {
    /** Opens the engine at once, then carries out commands. Sends `engine.*` and the outcome of each command. */
    engine: unimplementedActor<EngineCommand, unknown>('engine'),
  },
  actions: {
    command: sendTo('engine', (_, type: EngineCommand['type']): EngineCommand => ({ type })),
    setWatchful: assign({ isWatchful: (_, isWatchful: boolean | undefined) => isWatchful ?? false }),
    emitFailed: emit((_, failure: Failure): NodeEmitted => ({ type: 'failed', failure })),
  },
  delays: nodeDelays,
});

type NodeArgs<Type extends NodeEvent['type']> = EventArgs<NodeEvent, Type>;

export const failureFromEvent = ({ event: { failure } }: NodeArgs<'engine.refused'>) => failure;
export const watchfulFromEvent = ({ event: { isWatchful } }: NodeArgs<'look.done'>) => isWatchful;
