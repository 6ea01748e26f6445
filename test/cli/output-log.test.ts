import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { OutputLog } from '../../src/cli/output-log.ts';
import { formatCount, formatMs, formatNumber } from '../../src/inspect/page/model/format.ts';

const LONG = 'the gateway dropped the ACKs; the shard noticed after 2.1 s, resumed after 300 ms, nothing lost';

function logged(output: { isTTY?: boolean; columns?: number }, environment: NodeJS.ProcessEnv = {}): string {
  let text = '';
  const outputLog = new OutputLog(() => '1.00', { ...output, write: (chunk) => (text += chunk) }, environment);
  outputLog.paragraph();
  outputLog.log('survived', LONG);
  return text;
}

const widthOf = (columns: number): number | null =>
  new OutputLog(() => '', { isTTY: true, columns, write: () => true }).statusWidth;

describe('OutputLog', () => {
  test('prints one plain line without a terminal', () => {
    expect(logged({ columns: 60 })).toBe(`1.00  ★ survived  ${LONG}\n`);
  });

  test('prints the same text in colour on a terminal', () => {
    const text = logged({ isTTY: true, columns: 200 });
    expect(text).toContain('\u001B[');
    expect(stripVTControlCharacters(text)).toBe(`\n1.00  ★ survived  ${LONG}\n`);
  });

  test('prints no colours when NO_COLOR is set', () => {
    expect(logged({ isTTY: true, columns: 200 }, { NO_COLOR: '1' })).toBe(`\n1.00  ★ survived  ${LONG}\n`);
  });

  test('wraps long messages under their column, and keeps a number with its unit', () => {
    expect(logged({ isTTY: true, columns: 75 }, { NO_COLOR: '1' }).split('\n')).toEqual([
      '',
      '1.00  ★ survived  the gateway dropped the ACKs; the shard noticed after',
      '                  2.1 s, resumed after 300 ms, nothing lost',
      '',
    ]);
  });
});

describe('the status of OutputLog', () => {
  const terminal = { isTTY: true, columns: 60 };

  test('stays below the last line', () => {
    let text = '';
    const outputLog = new OutputLog(
      () => '1.00',
      { ...terminal, write: (chunk) => (text += chunk) },
      { NO_COLOR: '1' },
    );
    outputLog.setStatus('ready');
    outputLog.line('a line');
    outputLog.setStatus('ready');
    outputLog.setStatus('');

    expect(text).toBe('\r\u001B[2Kready\r\u001B[2Ka line\nready\r\u001B[2K');
  });

  test('may have several lines, which are redrawn as one', () => {
    let text = '';
    const outputLog = new OutputLog(
      () => '1.00',
      { ...terminal, write: (chunk) => (text += chunk) },
      { NO_COLOR: '1' },
    );
    outputLog.setStatus('a\nb\nc');
    outputLog.line('a line');
    outputLog.setStatus('d');
    outputLog.setStatus('');

    const clear = '\r\u001B[2A\u001B[J';
    expect(text).toBe(`\r\u001B[2Ka\nb\nc${clear}a line\na\nb\nc${clear}d\r\u001B[2K`);
  });

  test('is not printed without a terminal', () => {
    let text = '';
    const outputLog = new OutputLog(() => '1.00', { write: (chunk) => (text += chunk) });
    outputLog.setStatus('ready');
    outputLog.line('a line');

    expect(text).toBe('a line\n');
    expect(outputLog.statusWidth).toBeNull();
  });

  test('leaves the last column free, and assumes 80 columns for a terminal of unknown size', () => {
    expect(widthOf(60)).toBe(59);
    expect(widthOf(0)).toBe(79);
  });
});

describe('the number formats', () => {
  test('formatMs picks the unit that fits', () => {
    expect([0.44, 9.96, 83.2, 999, 999.6, 2_149].map(formatMs)).toEqual([
      '0.4 ms',
      '10 ms',
      '83 ms',
      '999 ms',
      '1.0 s',
      '2.1 s',
    ]);
  });

  test('formatNumber groups thousands', () => {
    expect([0, 999, 1_000, 1_234_567].map(formatNumber)).toEqual(['0', '999', '1,000', '1,234,567']);
  });

  test('formatCount uses the singular and the plural', () => {
    expect([formatCount(1, 'dispatch'), formatCount(2, 'dispatch'), formatCount(0, 'guild')]).toEqual([
      '1 dispatch',
      '2 dispatches',
      '0 guilds',
    ]);
  });
});
