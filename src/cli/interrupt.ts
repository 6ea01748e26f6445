/** Ctrl-C and SIGTERM as an AbortSignal: the first asks for a clean end, the second does not ask. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** 128 + SIGINT, as a shell has it. */
const FORCED_EXIT_CODE = 130;

export function interruption(): AbortSignal & Disposable {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(FORCED_EXIT_CODE);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return Object.assign(controller.signal, {
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  });
}
