/** Checks the streams of a manager, whose consumers are slow, stop, or take much at once. */
import type { ManagerState } from '../../machines/index.ts';
import { LazyDispatch } from '../../src/decoding/lazy-dispatch.ts';
import type { Dispatch } from '../../src/index.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import { isReadable, sharedTracker } from './check.ts';
import type { Check } from './check.ts';

interface Waiting {
  readonly label: string;
  readonly bytes: number;
}

interface ManagerStream {
  readonly proc: SimulatedProcess;
  readonly events: readonly string[] | null;
  readonly waiting: Waiting[];
  /** Whether the manager has stopped, so that nothing is added any more, and what waits counts no longer. */
  isFinished: boolean;
}

const ENDS: ReadonlySet<ManagerState> = new Set(['stopped', 'failed']);

const labelOf = ({ t, s }: Dispatch, shardId: number | undefined): string => `${t} ${s} of shard ${shardId}`;

/** Follows what the streams of managers still have to return. */
export const trackManagerStreams = sharedTracker((world, complain): ReadonlyMap<number, ManagerStream> => {
  const { eventLog } = world;
  const streams = new Map<number, ManagerStream>();
  eventLog.on('stream.opened', ({ proc, id, events, signal }) => {
    if (signal?.aborted !== true) streams.set(id, { proc, events, waiting: [], isFinished: false });
  });
  eventLog.on('bot.dispatched', ({ proc, dispatch, shardId }) => {
    if (streams.size === 0 || !isReadable(dispatch)) return;
    for (const { proc: owner, events, waiting, isFinished } of streams.values())
      if (owner === proc && !isFinished && events?.includes(dispatch.t) !== false)
        waiting.push({ label: labelOf(dispatch, shardId), bytes: LazyDispatch.byteLengthOf(dispatch) });
  });
  eventLog.on('stream.consumed', ({ proc, id, dispatch }) => {
    const stream = streams.get(id);
    // A process that has ended records nothing. A read that was pending when the user left still resolves.
    if (stream === undefined || proc.isOver) return;
    const label = labelOf(dispatch, (dispatch as { shardId?: number }).shardId);
    const expected = stream.waiting.shift()?.label;
    if (label !== expected) complain(`a stream returned ${label} instead of ${expected}`);
  });
  eventLog.on('bot.state', ({ proc, to }) => {
    if (ENDS.has(to)) for (const stream of streams.values()) stream.isFinished ||= stream.proc === proc;
  });
  // What waits has been delivered by the other process.
  eventLog.on('process.returned', ({ proc }) => {
    for (const [id, stream] of streams) if (stream.proc === proc) streams.delete(id);
  });
  eventLog.on('stream.left', ({ id }) => void streams.delete(id));
  eventLog.on('stream.ended', ({ proc, id, hasLeft, error }) => {
    const stream = streams.get(id);
    streams.delete(id);
    const isAborted = (error as { code?: string } | null)?.code === 'ABORTED';
    if (stream === undefined || proc.isOver || hasLeft || isAborted) return;
    const { isFinished, waiting } = stream;
    if (!isFinished) complain(`a stream ended although the manager was not stopped: ${String(error)}`);
    else if (waiting.length > 0) complain(`a stream ended before it returned ${waiting.length} dispatches`);
  });
  eventLog.on('signal.aborted', ({ signal }) => {
    for (const [id, { proc }] of streams) if (proc.signals.includes(signal)) streams.delete(id);
  });
  return streams;
});

export const managerStreams: Check = {
  rule: 'a stream of a manager returns what the listeners received, in order, and ends after the last dispatch',
  watch: (world, complain) => void trackManagerStreams(world, complain),
};
