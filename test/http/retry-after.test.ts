import { describe, expect, test } from 'vitest';
import { parseRetryAfter } from '../../src/http/retry-after.ts';

const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT';

describe('parseRetryAfter()', () => {
  test.each([
    ['0', 0],
    ['5', 5_000],
    ['1.5', 1_500],
    ['Wed, 21 Oct 2026 07:29:30 GMT', 90_000],
  ])('returns the ms of %j', (header, ms) => {
    expect(parseRetryAfter(header, DATE)).toBe(ms);
  });

  test.each([null, undefined, '', 'soon', '-5', '1e3', '0x10', 'Infinity', 'Wed, 21 Oct 2026 07:27:59 GMT'])(
    'returns null for %j',
    (header) => {
      expect(parseRetryAfter(header, DATE)).toBeNull();
    },
  );

  test('ignores a date when the server does not say what time it is', () => {
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:29:30 GMT', null)).toBeNull();
  });
});
