/** Causes in the process itself: it was busy, suspended, or its consumers were too slow. */
import { formatMs } from '../../../inspect/page/model/format.ts';
import type { CauseRule } from '../cause-rule.ts';
import { hasFault } from '../episode.ts';
import type { Episode } from '../episode.ts';

/** Below this share of CPU time, the process did not work but stood still. */
const STANDSTILL = 0.05;

const isStandstill = ({ lag }: Episode): boolean => lag !== null && lag.cpuMs < lag.lateMs * STANDSTILL;
const lagText = ({ lag }: Episode): string => formatMs(lag?.lateMs ?? 0);

export const PROCESS_CAUSES: readonly CauseRule[] = [
  {
    id: 'processSuspended',
    title: 'the process was suspended',
    docs: 'docs/incidents.md#your-process-was-suspended',
    matches: (episode) => isStandstill(episode),
    what: (episode) =>
      `The process stood still for ${lagText(episode)} and used hardly any CPU time, so no heartbeat was sent. It was suspended, or it waited in a synchronous call.`,
    advice: () =>
      'Look for a machine that sleeps, a container that is paused or has no CPU time left, and calls such as execSync().',
  },
  {
    id: 'processBusy',
    title: 'your process was busy',
    docs: 'docs/guides/slow-handlers.md',
    matches: ({ lag }) => lag !== null,
    what: (episode) =>
      `Your process was busy: ${lagText(episode)}. The event loop was blocked, so heartbeats could not be sent and their ACKs not be read.`,
    advice: () =>
      'Move the work that blocks out of your listeners: to a worker thread, or into parts with await between them.',
  },
  {
    id: 'slowConsumer',
    title: 'your consumer was too slow',
    docs: 'docs/guides/slow-handlers.md',
    matches: (episode) => hasFault(episode, 'BUFFER_FULL'),
    what: () =>
      'More than maxBufferedBytes waited for the consumers of dispatches(), so the shard left its connection.',
    advice: () => 'Handle dispatches faster or with concurrency, take fewer events, or raise maxBufferedBytes.',
  },
];
