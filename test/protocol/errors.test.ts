/** The error class, and that its documentation lists exactly the codes there are. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { abortedError, GATEWAY_ERROR_CODES, GatewayError } from '../../src/protocol/errors.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The codes under each heading, in order. */
function codesIn(text: string, heading: RegExp, code: RegExp): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  let group = '';
  for (const line of text.split('\n')) {
    group = heading.exec(line)?.[1] ?? group;
    const found = code.exec(line)?.[1];
    if (found !== undefined) (groups[group] ??= []).push(found);
  }
  return groups;
}

describe('docs/errors.md', () => {
  const documented = codesIn(read('docs/errors.md'), /^## (.+)$/, /^\| `([A-Z_]+)` \|/);

  test('has one row for every code, in the order of the source, and no row for anything else', () => {
    expect(Object.values(documented).flat()).toEqual(GATEWAY_ERROR_CODES);
  });

  test('groups the codes as the source does', () => {
    const source = codesIn(read('src/protocol/errors.ts'), /^ {2}\/\/ (What [^;]+)/, /^ {2}([A-Z_]+): '/);
    expect(documented).toEqual(source);
  });

  test('says of every code when it comes and what to do', () => {
    const rows = read('docs/errors.md')
      .split('\n')
      .filter((line) => /^\| `[A-Z_]+` \|/.test(line));
    expect(rows.filter((row) => !/^\| `[A-Z_]+` \| [^|]+\. \| [^|]+\. \|$/.test(row))).toEqual([]);
  });
});

describe('GatewayError', () => {
  test('carries the standard hint of its code, and neither cause nor close code unless given', () => {
    const error = new GatewayError('STOPPED', 'stopped');
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      name: 'GatewayError',
      code: 'STOPPED',
      hint: 'The shard was stopped while this waited; call connect() and try again.',
    });
    expect(error.message).toBe('stopped');
    expect(Object.hasOwn(error, 'cause')).toBe(false);
  });

  test('takes a hint, a close code and a cause, even one that is undefined', () => {
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

  test('for an aborted signal has the reason as its cause', () => {
    const reason = new Error('enough');
    const error = abortedError('waiting', AbortSignal.abort(reason));
    expect([error.code, error.message, error.cause]).toEqual(['ABORTED', 'waiting was aborted', reason]);
  });
});
