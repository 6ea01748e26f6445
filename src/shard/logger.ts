import { isThenable } from './emitter.ts';

/** Receives what a shard or a manager logs. `console` is one. Messages never contain the token. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The default: a library logs nothing unless you ask for it. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const ignore = (): void => undefined;

/** Wraps a logger, so that one that throws, or returns a promise that rejects, does not disturb the shard. */
export function safeLogger(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        const result: unknown = logger[level](message);
        if (isThenable(result)) result.then(undefined, ignore);
      } catch {
        // There is no other place to report it.
      }
    };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}

/** Logs a rejection, so that a promise which the caller ignores does not end the process. Returns the promise. */
export function logRejection<T>(promise: Promise<T>, logger: Logger): Promise<T> {
  promise.catch((error: unknown) => logger.debug(String(error)));
  return promise;
}
