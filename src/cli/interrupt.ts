/** Turns Ctrl-C and SIGTERM into an AbortSignal. The first one aborts it; a later one exits the process at once. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** 128 + SIGINT, the convention of shells. */
const FORCED_EXIT_CODE = 130;
/** Under `npm start` one Ctrl-C arrives twice: from the terminal, and forwarded by npm. */
const SAME_KEYSTROKE_MS = 500;

export function interruptSignal(): AbortSignal & Disposable {
  const controller = new AbortController();
  let firstAt: number | null = null;
  const onSignal = (): void => {
    if (firstAt !== null && performance.now() - firstAt > SAME_KEYSTROKE_MS) process.exit(FORCED_EXIT_CODE);
    firstAt ??= performance.now();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return Object.assign(controller.signal, {
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  });
}
