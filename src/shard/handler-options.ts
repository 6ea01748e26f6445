/** The options of `onDispatch()`, and what users may get wrong in them. */
import { assertCallOptions } from '../protocol/call-options.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Dispatch, DispatchData } from '../protocol/packets.ts';

/**
 * The options of `onDispatch()`. Without `concurrency` the listener is called synchronously, with each dispatch as it
 * arrives.
 */
export interface DispatchHandlerOptions<T extends string = string> {
  /**
   * The number of calls of this handler that may run at once, 1 or more. The promise that the handler returns says how
   * long a call runs. Dispatches with the same `key` are handled one after the other, in order; other dispatches wait
   * only until fewer than this number run. Set it for handlers that take time, such as those that call the REST API.
   *
   * Dispatches that wait count towards `maxBufferedBytes`, as those of `dispatches()` do. From 1,024 on the socket is
   * not read, until half of them have been taken.
   * @defaultValue the listener is called at once, whatever else runs
   */
  concurrency?: number;
  /**
   * Returns the key of a dispatch. Dispatches with the same key are handled in order. `null` stands for a dispatch that
   * need not wait for any other, `undefined` for the default key. Set it if order matters within a channel or for a user
   * rather than within a guild. It needs `concurrency`.
   * @defaultValue the id of the guild, else of the channel, else the shard
   */
  key?: (data: DispatchData<T>, dispatch: Dispatch<T>) => string | null | undefined;
}

/** The options of a handler whose types no longer say which event it is for. */
export interface UntypedHandlerOptions {
  readonly concurrency?: number;
  readonly key?: (data: never, dispatch: never) => unknown;
}

export type ConcurrentOptions = UntypedHandlerOptions & { readonly concurrency: number };

/**
 * Returns whether the options ask for a concurrent handler.
 * @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option
 */
export function isConcurrent(options: UntypedHandlerOptions | undefined): options is ConcurrentOptions {
  assertCallOptions('onDispatch()', options);
  if (options === undefined || options.concurrency !== undefined) return options !== undefined;
  if (options.key !== undefined) throw new GatewayError('INVALID_OPTIONS', 'onDispatch(): key needs concurrency');
  return false;
}
