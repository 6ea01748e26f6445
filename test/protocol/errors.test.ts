/** The error class, and that docs/errors.md lists exactly the codes and hints of the source. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { abortedError, GATEWAY_ERROR_CODES, GatewayError, HINTS_BY_GROUP } from '../../src/protocol/errors.ts';

interface Row {
  readonly group: string;
  readonly line: string;
  readonly code: string;
}

/** The rows of the tables of codes, in order, each with the heading above it. */
function documentedRows(): Row[] {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows: Row[] = [];
  let group = '';
  for (const line of text.split('\n')) {
    group = /^## (.+)$/.exec(line)?.[1] ?? group;
    const code = /^\| `([A-Z_]+)` \|/.exec(line)?.[1];
    if (code !== undefined) rows.push({ group, line, code });
  }
  return rows;
}

/** The last column as plain text, as a hint has it. */
const adviceOf = ({ line }: Row): string | undefined =>
  line
    .replaceAll('`', '')
    .replaceAll(/\[(\w+\.md)\]\(\1\)/g, 'docs/$1')
    .split(' | ')[2]
    ?.replace(/ \|$/, '');

describe('docs/errors.md', () => {
  test('has one row for every code, in the order of the source, and no row for anything else', () => {
    expect(documentedRows().map(({ code }) => code)).toEqual(GATEWAY_ERROR_CODES);
  });

  test('groups the codes as the source does', () => {
    const documented = Object.groupBy(documentedRows(), ({ group }) => group);
    const codesByGroup = Object.entries(documented).map(([group, rows = []]) => [group, rows.map(({ code }) => code)]);
    expect(codesByGroup).toEqual(Object.entries(HINTS_BY_GROUP).map(([group, hints]) => [group, Object.keys(hints)]));
  });

  test('says of every code when it occurs and what to do', () => {
    const lines = documentedRows().map(({ line }) => line);
    expect(lines.filter((line) => !/^\| `[A-Z_]+` \| [^|]+\. \| [^|]+\. \|$/.test(line))).toEqual([]);
  });

  test('gives the same advice as the hint of the code', () => {
    const advice = Object.fromEntries(documentedRows().map((row) => [row.code, adviceOf(row)]));
    expect(advice).toEqual(Object.assign({}, ...Object.values(HINTS_BY_GROUP)));
  });
});

describe('GatewayError', () => {
  test('has the standard hint of its code, and neither cause nor close code by default', () => {
    const error = new GatewayError('STOPPED', 'stopped');
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      name: 'GatewayError',
      code: 'STOPPED',
      hint: 'Call connect() and repeat the call; disconnect() ended it while it was waiting.',
    });
    expect(error.message).toBe('stopped');
    expect(Object.hasOwn(error, 'cause')).toBe(false);
  });

  test('takes a hint, a close code and a cause, even an undefined one', () => {
    const error = new GatewayError('RATE_LIMITED', 'm', { hint: 'h', closeCode: 4008, cause: undefined });
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      name: 'GatewayError',
      code: 'RATE_LIMITED',
      hint: 'h',
      closeCode: 4008,
    });
    expect(Object.hasOwn(error, 'cause')).toBe(true);
  });

  test('has a hint that is a sentence for every code', () => {
    const hints = GATEWAY_ERROR_CODES.map((code) => new GatewayError(code, 'm').hint);
    expect(hints.filter((hint) => !/^[A-Za-z].+\.$/.test(hint))).toEqual([]);
  });
});

describe('abortedError()', () => {
  test('makes the reason of the signal the cause', () => {
    const reason = new Error('enough');
    const error = abortedError('waiting', AbortSignal.abort(reason));
    expect(error.code).toBe('ABORTED');
    expect(error.message).toBe('waiting was aborted');
    expect(error.cause).toBe(reason);
  });
});
