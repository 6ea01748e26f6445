import { describe, expect, test } from 'vitest';
import { DispatchBatchReader, DispatchBatchWriter } from '../../../../src/manager/workers/wire/dispatch-batch.ts';

describe('DispatchBatchWriter and DispatchBatchReader', () => {
  test('the reader returns key, sequence or null, and bytes of any size, as they were added', () => {
    const writer = new DispatchBatchWriter();
    const added: [number, number | null, Buffer][] = [
      [1, 7, Buffer.from('a')],
      [4_000_000_000, null, Buffer.alloc(0)],
      [2, 999_999_999_999_999, Buffer.alloc(300_000, 'b')],
      [3, 0, Buffer.from('é')],
    ];
    for (let round = 0; round < 2; round += 1) {
      for (const [key, sequence, bytes] of added) writer.add(key, sequence ?? undefined, bytes);
      expect(writer.count).toBe(4);
      const reader = new DispatchBatchReader(writer.takeBuffer());
      const found: [number, number | null, Buffer][] = [];
      for (let bytes = reader.next(); bytes !== null; bytes = reader.next())
        found.push([reader.key, reader.sequence, bytes]);
      expect(found).toEqual(added);
      expect(writer.count).toBe(0);
      expect(writer.byteLength).toBe(0);
    }
  });
});
