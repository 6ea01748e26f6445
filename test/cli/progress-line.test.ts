import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { countStates } from '../../src/cli/status-line.ts';
import { ProgressLine, bar, progressText } from '../../src/cli/progress-line.ts';
import { OutputLog } from '../../src/cli/output-log.ts';
import type { ManagerEvents, ManagerStatus, Progress, ShardManager } from '../../src/index.ts';

/** The start of a manager, told by hand. */
function startOf(output: { isTTY?: boolean; columns?: number }) {
  let text = '';
  let listener: ((...args: ManagerEvents['progress']) => unknown) | null = null;
  const manager = {
    on: (_name: string, given: never) => void (listener = given),
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
    shown: () => text,
  };
}

describe('the progress of a start', () => {
  it('is drawn in one line on a terminal, again and again, and taken away in the end', () => {
    const start = startOf({ isTTY: true, columns: 100 });
    start.emit({ ready: 16 });
    start.emit({ ready: 48, etaMs: 5_250, remainingStarts: 904 });
    start.line.stop();
    const drawn = stripVTControlCharacters(start.shown())
      .split('\r')
      .filter((line) => line !== '');
    expect(drawn).toEqual([
      '██████░░░░░░░░░░░░░░░░░░ 16 of 64 ready, about 16 s to go, 936 session starts left',
      '██████████████████░░░░░░ 48 of 64 ready, about 5 s to go, 904 session starts left',
    ]);
    expect(start.shown().endsWith('\r\u001B[2K')).toBe(true);
    expect(start.shown()).not.toContain('\n');
    expect(start.hasListener()).toBe(false);
  });

  it('never wraps: a narrow terminal has less of it', () => {
    const start = startOf({ isTTY: true, columns: 40 });
    start.emit({ ready: 16 });
    start.line.stop();
    const [drawn = ''] = stripVTControlCharacters(start.shown())
      .split('\r')
      .filter((line) => line !== '');
    expect(drawn.length).toBeLessThan(40);
    expect(drawn).toContain('16 of 64 ready');
  });

  it('is a plain line now and then where there is no terminal, and always the last', () => {
    const start = startOf({});
    start.emit({ ready: 1 });
    start.emit({ ready: 2 });
    start.emit({ ready: 64, etaMs: 0, remainingStarts: 936 });
    start.line.stop();
    expect(
      start
        .shown()
        .split('\n')
        .map((line) => line.replace(/^.*note +/, '')),
    ).toEqual([
      '1 of 64 ready, about 16 s to go, 936 session starts left',
      '64 of 64 ready, 936 session starts left',
      '',
    ]);
  });

  it('says what it knows, and no more', () => {
    const progress = { ready: 3, total: 4, etaMs: 0, remainingStarts: null };
    expect(progressText(progress, -400)).toBe('3 of 4 ready, any moment now');
    expect(progressText({ ...progress, total: 2_500 }, 780_000)).toBe('3 of 2,500 ready, about 13 min 0 s to go');
    expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(Number.NaN, 0)]).toEqual(['░░░░', '██░░', '████', '']);
  });
});

describe('the states of a fleet', () => {
  it('are counted, the most first', () => {
    const shards = ['ready', 'resuming', 'ready'].map((state) => ({ state })) as unknown as ManagerStatus['shards'];
    expect(countStates({ shards } as ManagerStatus)).toEqual([
      ['ready', 2],
      ['resuming', 1],
    ]);
  });
});
