/** Starts and stops a shard: which event of the machine a call becomes, and when its promise settles. */
import type { ShardEvent } from '../../machines/index.ts';
import { callOptionsError } from '../protocol/call-options.ts';
import { GatewayError, abortedError } from '../protocol/errors.ts';
import { parseSession } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import { forcedCloseRequest, resolveCloseRequest } from './close-request.ts';
import type { DisconnectOptions } from './close-request.ts';
import { logRejection } from './logger.ts';
import type { ShardRuntime } from './shard-runtime.ts';

/** The options of `connect()`. */
export interface ConnectOptions {
  /** Aborts the wait; the promise then rejects with `ABORTED`. If every caller aborts, the attempt is cancelled. */
  signal?: AbortSignal;
}

/** Sends `event` to the machine. Resolves at the next READY or RESUMED. */
export function startAndWaitReady(runtime: ShardRuntime, event: ShardEvent, options?: ConnectOptions): Promise<void> {
  const invalid = callOptionsError('connect()', options);
  if (invalid !== null) return Promise.reject(invalid);
  const signal = options?.signal;
  if (signal?.aborted === true) return Promise.reject(abortedError('connect()', signal));
  if (event.type === 'shard.connect' && runtime.state === 'ready') return Promise.resolve();
  runtime.restartIfCrashed();
  const { readyWaiters, queue } = runtime;
  const ready = readyWaiters.wait(signal, () => {
    if (readyWaiters.size > 0 || runtime.state === 'ready') return;
    void logRejection(disconnect(runtime, {}), runtime.options.logger);
  });
  queue.start();
  runtime.sessionLedger.start();
  if (event.type !== 'shard.connect') takeSessionOver(runtime);
  runtime.send(event.type === 'shard.connect' ? connectEvent(runtime) : event);
  return ready.catch((error: GatewayError) => rejectWhenStored(runtime, error));
}

/** The event of `connect()`. A shard at rest need not look for a session that it has, or that is not there. */
function connectEvent({ session, sessionLedger, sessionStore, state, options }: ShardRuntime): ShardEvent {
  const isAtRest = state === 'disconnected' || state === 'failed';
  const isKnown = session.identity === null ? sessionLedger.lacksSession(options.shardId) : session.isCurrent;
  if (!isAtRest || sessionStore.hasOwners || !isKnown) return { type: 'shard.connect' };
  return { type: 'shard.connectWith', session: session.identity };
}

/** An unhandled rejection ends the process. By then the socket is closed and the session stored. */
async function rejectWhenStored(runtime: ShardRuntime, error: GatewayError): Promise<never> {
  if (error.code !== 'ABORTED') {
    if (runtime.state === 'disconnecting') await runtime.closedWaiters.wait();
    await runtime.flushStore();
  }
  throw error;
}

/** You have named the session that counts, so another process no longer owns the one in the store. */
function takeSessionOver({ sessionStore, options: { shardId, logger } }: ShardRuntime): void {
  void logRejection(sessionStore.hold(shardId, { takeOver: true }), logger);
}

export async function resume(runtime: ShardRuntime, session: Session): Promise<void> {
  const identity = runtime.session.restore(parseSession(session));
  const event: ShardEvent =
    identity === null ? { type: 'shard.reinstantiate' } : { type: 'shard.resume', session: identity };
  await startAndWaitReady(runtime, event);
}

export async function disconnect(runtime: ShardRuntime, options: DisconnectOptions): Promise<void> {
  const closeRequest = resolveCloseRequest(options);
  const { signal } = options;
  prepareStop(runtime, closeRequest);
  runtime.send({ type: 'shard.disconnect', ...closeRequest });
  if (runtime.state === 'disconnecting') {
    await runtime.closedWaiters.wait(signal, () => forceClose(runtime, closeRequest.code));
  }
  await runtime.flushStore();
}

export function forceClose(runtime: ShardRuntime, code?: number): void {
  const closeRequest = forcedCloseRequest(code);
  prepareStop(runtime, closeRequest);
  // Before the machine emits events: a listener may call connect() within this call.
  runtime.connectionSlot.connection?.abort(closeRequest.code);
  runtime.send({ type: 'shard.forceClose', ...closeRequest });
}

/** Rejects everything that waits for the connection, and stores the session or discards it. */
function prepareStop(runtime: ShardRuntime, { session }: { readonly session: 'keep' | 'discard' }): void {
  runtime.rejectWaiters(new GatewayError('STOPPED', 'the shard was stopped'));
  runtime.dispatcher.finish(null);
  runtime.sessionLedger.stop();
  if (session !== 'discard') return;
  runtime.discardSession();
  runtime.voiceStates?.clear();
}
