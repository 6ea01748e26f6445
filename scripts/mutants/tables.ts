/** Makes the mutants of two tables, the losses and the close codes: each changes one field of one row. */
import type * as CloseCodes from '../../machines/close-codes.ts';
import type * as Losses from '../../machines/losses.ts';
import type { ClosePolicy } from '../../machines/close-codes.ts';
import type { Loss, LossCause } from '../../machines/losses.ts';
import type { Initiator, LifecycleFault, ShardEvent } from '../../machines/shard/events.ts';
import type { Pause } from '../../machines/timing.ts';
import { othersThan } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const INITIATORS: readonly Initiator[] = ['gateway', 'shard', 'transport'];
const PAUSES: readonly Pause[] = ['backoff', 'invalidSession', 'rateLimited'];
const SESSIONS: readonly Loss['session'][] = ['keep', 'discard'];
const RECONNECTS: readonly Loss['reconnect'][] = ['ifEnabled', 'always', 'never'];
const CLOSES: readonly Loss['closeWith'][] = [null, 4000, 1000];
const ACTIONS: readonly ClosePolicy['action'][] = ['resume', 'identify', 'fail'];
/** Two values, so that one always differs. */
const FAULTS: readonly LifecycleFault[] = ['RATE_LIMITED', 'CONNECTION_FAILED'];
const FATALS = ['INVALID_INTENTS', 'INVALID_SHARD'] as const;

const CAUSES = Object.keys({
  connectTimeout: true,
  helloTimeout: true,
  invalidInterval: true,
  zombie: true,
  readyTimeout: true,
  resumedTimeout: true,
  dispatchTimeout: true,
  bufferFull: true,
  suspended: true,
  reconnectRequested: true,
  invalidSessionResumable: true,
  invalidSession: true,
  reconnect: true,
  resume: true,
  reinstantiate: true,
} satisfies Record<Exclude<LossCause, 'event'>, true>) as LossCause[];

const connectionId = 1;

/** One event for each row of the losses. The mutants of the close codes change the fields that depend on a code. */
const LOSS_EVENTS: Record<string, ShardEvent> = {
  'socket.closed 1006': { type: 'socket.closed', connectionId, code: 1006, reason: 'given' },
  'socket.closed': { type: 'socket.closed', connectionId, code: 4000, reason: 'given' },
  'socket.failed': { type: 'socket.failed', connectionId, reason: 'given', cause: 'given' },
  'socket.decodeFailed': { type: 'socket.decodeFailed', connectionId, reason: 'given', cause: 'given' },
  'identify.refused': { type: 'identify.refused', reason: 'given', cause: 'given' },
  'consumer.bufferFull': { type: 'consumer.bufferFull', because: 'suspended' },
  'shard.disconnect keep': { type: 'shard.disconnect', code: 4000, reason: 'given', session: 'keep' },
  'shard.disconnect discard': { type: 'shard.disconnect', code: 4000, reason: 'given', session: 'discard' },
  'shard.forceClose keep': { type: 'shard.forceClose', code: 4000, session: 'keep' },
  'shard.forceClose discard': { type: 'shard.forceClose', code: 4000, session: 'discard' },
};

/** Returns the name of the row of `LOSS_BY_EVENT` that an event belongs to. */
function rowOf(event: ShardEvent): string {
  if ('session' in event && typeof event.session === 'string') return `${event.type} ${event.session}`;
  return event.type === 'socket.closed' && event.code === 1006 ? `${event.type} 1006` : event.type;
}

type Change<T> = Partial<T>;

function lossChanges(loss: Loss, row: string): Change<Loss>[] {
  const byCloseCode = row.startsWith('socket.closed');
  return [
    ...othersThan(loss.initiator, INITIATORS).map((initiator) => ({ initiator })),
    { code: loss.code === null ? 4242 : null },
    ...othersThan(loss.closeWith, CLOSES).map((closeWith) => ({ closeWith })),
    ...(byCloseCode ? [] : othersThan(loss.session, SESSIONS).map((session) => ({ session }))),
    // No attempt follows, so there is no pause.
    ...(byCloseCode || loss.reconnect === 'never' ? [] : othersThan(loss.pause, PAUSES).map((pause) => ({ pause }))),
    ...(byCloseCode
      ? []
      : [...othersThan(loss.fault, FAULTS).slice(0, 1), ...(loss.fault === null ? [] : [null])].map((fault) => ({
          fault,
        }))),
    ...(byCloseCode ? [] : othersThan(loss.reconnect, RECONNECTS).map((reconnect) => ({ reconnect }))),
    ...(loss.reason === 'given' ? [{ reason: 'another' }] : []),
    ...(loss.cause === undefined ? [] : [{ cause: undefined }]),
  ];
}

const changeText = (change: object): string =>
  Object.entries(change)
    .map(([key, value]) => `${key} → ${String(value)}`)
    .join(', ');

/** Returns the mutants of the losses. */
export function lossMutants({ lossOf }: typeof Losses): Mutant<typeof Losses>[] {
  const otherEvent: ShardEvent = { type: 'shard.connect' };
  const rows = [
    ...CAUSES.map((cause) => ({ row: cause as string, loss: lossOf(cause, otherEvent) })),
    ...Object.entries(LOSS_EVENTS).map(([row, event]) => ({ row, loss: lossOf('event', event) })),
  ];
  return rows.flatMap(({ row, loss }) =>
    lossChanges(loss, row).map((change) => ({
      id: `loss ${row}: ${changeText(change)}`,
      apply: (original) => ({
        lossOf: (cause, event) => {
          const loss = original.lossOf(cause, event);
          return row === (cause === 'event' ? rowOf(event) : cause) ? { ...loss, ...change } : loss;
        },
      }),
    })),
  );
}

function codeChanges({ action, fatal, fault, pause }: ClosePolicy): Change<ClosePolicy>[] {
  return [
    ...othersThan(action, ACTIONS).map((other) => ({ action: other })),
    ...(fatal === undefined ? [] : [{ fatal: undefined }, { fatal: othersThan(fatal, FATALS)[0] }]),
    fault === undefined ? { fault: FAULTS[0] } : { fault: undefined },
    // No attempt follows, so there is no pause.
    ...(action === 'fail' ? [] : othersThan(pause ?? 'backoff', PAUSES).map((other) => ({ pause: other }))),
  ] as Change<ClosePolicy>[];
}

/** Stands for all codes that are not in the table. */
const UNLISTED = -1;

/** Returns the mutants of the close codes, including the row for codes that are not in the table. */
export function closeCodeMutants({ CLOSE_CODES, closePolicy }: typeof CloseCodes): Mutant<typeof CloseCodes>[] {
  return [...Object.keys(CLOSE_CODES).map(Number), UNLISTED].flatMap((code) =>
    codeChanges(closePolicy(code)).map((change) => ({
      id: `close code ${code === UNLISTED ? 'unlisted' : code}: ${changeText(change)}`,
      apply: (original) => {
        const altered = { ...original.closePolicy(code), ...change };
        const table = code === UNLISTED ? original.CLOSE_CODES : { ...original.CLOSE_CODES, [code]: altered };
        const unlisted = code === UNLISTED ? altered : original.closePolicy(UNLISTED);
        return { CLOSE_CODES: table, closePolicy: (closeCode) => table[closeCode] ?? unlisted };
      },
    })),
  );
}
