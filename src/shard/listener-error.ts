import { GatewayError } from '../protocol/errors.ts';

interface ListenerErrorReport {
  readonly reportFault: (error: GatewayError) => void;
  /** Logs, for an error that can't be reported as a fault. */
  readonly logError: (message: string) => void;
}

/** Reports what a listener of an event threw as the fault `LISTENER_THREW`. */
export function reportListenerError(
  name: string,
  cause: unknown,
  { reportFault, logError }: ListenerErrorReport,
): void {
  // The listener read the data of a dispatch that is not JSON; the connection reports that.
  if (cause instanceof GatewayError && cause.code === 'DECODE_FAILED') return;
  const error = new GatewayError('LISTENER_THREW', `a listener of "${name}" threw`, { cause });
  // Emitting a fault would call the same listener again, without end.
  if (name === 'fault') logError(error.message);
  else reportFault(error);
}
