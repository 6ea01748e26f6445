import { GatewayError } from '../protocol/errors.ts';
import { shortName } from '../protocol/printable.ts';

interface ListenerErrorReport {
  readonly reportFault: (error: GatewayError) => void;
  /** Logs, for an error that can't be reported as a fault. */
  readonly logError: (message: string) => void;
}

/** Which function of the user threw, as a message says it. */
export type ListenerPart = 'a listener' | 'the key function of a handler';

/** Called when a function of the user threw, or its promise rejected. */
export type OnListenerError = (name: string, cause: unknown, part?: ListenerPart) => void;

/** Returns a function that reports what a listener of an event threw as the fault `LISTENER_THREW`. */
export const listenerErrorReporter =
  ({ reportFault, logError }: ListenerErrorReport): OnListenerError =>
  (name, cause, part = 'a listener') => {
    // The listener read the data of a dispatch that is not JSON; the connection reports that.
    if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
    const error = new GatewayError('LISTENER_THREW', `${part} of "${shortName(name)}" threw`, { cause });
    // Emitting a fault would call the same listener again, without end.
    if (name === 'fault') logError(error.message);
    else reportFault(error);
  };
