/** What the processes of the demo share: their configuration, messages to the demo, and when they end. */
import type { ConsumerMessage, NodeMessage } from './messages.ts';

/** Returns the configuration from the command line. */
export const configFromArguments = (): unknown => JSON.parse(process.argv[2] ?? '{}');

/** Sends a message to the demo, unless that has ended. */
export function sayToDemo(message: NodeMessage | ConsumerMessage): void {
  if (process.connected) process.send?.(message, () => undefined);
}

/** Runs `stop` at SIGTERM, and `abandon` if the demo is gone; then the process ends. */
export function endWith(stop: () => Promise<void>, abandon: () => void): void {
  let isStopping = false;
  process.once('SIGTERM', () => {
    isStopping = true;
    void stop().then(() => process.disconnect());
  });
  // Ctrl-C reaches all processes of a terminal; the demo decides.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => {
    if (!isStopping) abandon();
    process.exit(0);
  });
}
