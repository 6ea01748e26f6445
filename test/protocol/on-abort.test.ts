import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { onAbort } from '../../src/protocol/on-abort.ts';

describe('onAbort', () => {
  test('calls the listener once when the signal aborts, and leaves no listener behind', () => {
    const controller = new AbortController();
    const listener = vi.fn<() => void>();
    onAbort(controller.signal, listener);
    expect(listener).not.toHaveBeenCalled();
    controller.abort();
    controller.abort();
    expect(listener).toHaveBeenCalledOnce();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('calls the listener at once when the signal is aborted already', () => {
    const listener = vi.fn<() => void>();
    onAbort(AbortSignal.abort(), listener)();
    expect(listener).toHaveBeenCalledOnce();
  });

  test('returns a function that removes the listener', () => {
    const controller = new AbortController();
    const listener = vi.fn<() => void>();
    onAbort(controller.signal, listener)();
    controller.abort();
    expect(listener).not.toHaveBeenCalled();
  });

  test('does nothing without a signal', () => {
    const listener = vi.fn<() => void>();
    onAbort(undefined, listener)();
    expect(listener).not.toHaveBeenCalled();
  });
});
