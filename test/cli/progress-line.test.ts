import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { countStates } from '../../src/cli/status-line.ts';
import { ProgressLine, bar, progressText } from '../../src/cli/progress-line.ts';
import { OutputLog } from '../../src/cli/output-log.ts';
import type { ManagerEvents, ManagerStatus, Progress, ShardManager } from '../../src/index.ts';

/** Starts a progress line on a manager whose progress events the test emits. */
function startOf(output: { isTTY?: boolean; columns?: number }) {
  let text = '';
  let listener: ((...args: ManagerEvents['progress']) => unknown) | null = null;
  const manager = {
    on: (_name: string, added: never) => void (listener = added),
    off: () => void (listener = null),
  } as unknown as Pick<ShardManager, 'on' | 'off'>;
  const outputLog = new OutputLog(() => '1.00', { ...output, write: (chunk) => (text += chunk) }, { NO_COLOR: '1' });
  const line = new ProgressLine(manager, outputLog);
  line.start();
  return {
    line,
    hasListener: () => listener !== null,
    emit: (progress: Partial<Progress>) =>
      void listener?.({ ready: 0, total: 64, etaMs: 15_750, remainingStarts: 936, ...progress }),
    printed: () => text,
  };
}

describe('ProgressLine', () => {
  test('redraws one line on a terminal, and removes it at the end', () => {
    const start = startOf({ isTTY: true, columns: 100 });
    start.emit({ ready: 16 });
    start.emit({ ready: 48, etaMs: 5_250, remainingStarts: 904 });
    start.line.stop();
    const drawn = stripVTControlCharacters(start.printed())
      .split('\r')
      .filter((line) => line !== '');
    expect(drawn).toEqual([
      '██████░░░░░░░░░░░░░░░░░░ 16 of 64 ready, about 15 s left, 936 session starts left',
      '██████████████████░░░░░░ 48 of 64 ready, about 5 s left, 904 session starts left',
    ]);
    expect(start.printed().endsWith('\r\u001B[2K')).toBe(true);
    expect(start.printed()).not.toContain('\n');
    expect(start.hasListener()).toBe(false);
  });

  test('shortens the line on a narrow terminal, so that it does not wrap', () => {
    const start = startOf({ isTTY: true, columns: 40 });
    start.emit({ ready: 16 });
    start.line.stop();
    const [drawn = ''] = stripVTControlCharacters(start.printed())
      .split('\r')
      .filter((line) => line !== '');
    expect(drawn.length).toBeLessThan(40);
    expect(drawn).toContain('16 of 64 ready');
  });

  test('prints a line now and then without a terminal, and always the last', () => {
    const start = startOf({});
    start.emit({ ready: 1 });
    start.emit({ ready: 2 });
    start.emit({ ready: 64, etaMs: 0, remainingStarts: 936 });
    start.line.stop();
    expect(
      start
        .printed()
        .split('\n')
        .map((line) => line.replace(/^.*note +/, '')),
    ).toEqual([
      '1 of 64 ready, about 15 s left, 936 session starts left',
      '64 of 64 ready, 936 session starts left',
      '',
    ]);
  });

  test('leaves out what is unknown', () => {
    const progress = { ready: 3, total: 4, etaMs: 0, remainingStarts: null };
    expect(progressText(progress, -400)).toBe('3 of 4 ready, any moment now');
    expect(progressText({ ...progress, total: 2_500 }, 780_000)).toBe('3 of 2,500 ready, about 13 min 0 s left');
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(Number.NaN, 0)]).toEqual(['░░░░', '██░░', '████', '']);
  });
});

describe('countStates', () => {
  test('returns the most frequent state first', () => {
    const shards = ['ready', 'resuming', 'ready'].map((state) => ({ state })) as unknown as ManagerStatus['shards'];
    expect(countStates({ shards } as ManagerStatus)).toEqual([
      ['ready', 2],
      ['resuming', 1],
    ]);
  });
});
