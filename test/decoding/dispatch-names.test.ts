import { describe, expect, test } from 'vitest';
import { knownName, nameAt } from '../../src/decoding/dispatch-names.ts';

describe('nameAt', () => {
  test('returns the name in the bytes, also if another has the same hash', () => {
    const bytes = Buffer.from('"FIRST_NAME","OTHER_NAME"');
    expect(nameAt(bytes, 1, 11, 7)).toBe('FIRST_NAME');
    expect(nameAt(bytes, 14, 24, 7)).toBe('OTHER_NAME');
    expect(nameAt(bytes, 14, 19, 7)).toBe('OTHER');
    expect(nameAt(bytes, 1, 11, 7)).toBe('FIRST_NAME');
  });
});

describe('knownName', () => {
  test('returns the name, for any number of names', () => {
    for (let n = 0; n < 2_000; n += 1) expect(knownName(`NAME_${n}`)).toBe(`NAME_${n}`);
    expect(nameAt(Buffer.from('NAME_1999'), 0, 9, 1_999)).toBe('NAME_1999');
  });
});
