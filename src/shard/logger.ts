/** Where a shard writes what it does; `console` is one. Texts carry no secrets. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Writes nothing: a library is quiet unless it is told otherwise. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A logger that throws must not disturb the shard; there is nowhere left to tell. */
export function safeLogger(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        logger[level](message);
      } catch {
        // Nowhere left to tell.
      }
    };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}

/** Logs a rejection, so that a promise which the caller ignores does not end the process. Returns the promise. */
export function logRejection<T>(promise: Promise<T>, logger: Logger): Promise<T> {
  promise.catch((error: unknown) => logger.debug(String(error)));
  return promise;
}
