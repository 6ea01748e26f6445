/**
 * Proves that the fuzzer finds faults: each test plants one, and the case must fail. Without a fault the same seeds pass.
 */
import { describe, expect, test, vi } from 'vitest';
import type { GatewayError } from '../../src/index.ts';
import { runCase } from '../../fuzz/run.ts';
import type { CaseOptions, CaseResult } from '../../fuzz/run.ts';
import { settingOf } from '../../fuzz/setting.ts';
import { shrink } from '../../fuzz/shrink.ts';

/** What the mocked modules below do wrong; nothing by default. */
const planted = vi.hoisted(() => ({ fault: '', isDelivering: false }));

vi.mock('../../src/decoding/parse-packet.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/decoding/parse-packet.ts')>();
  return {
    ...original,
    parsePacket: (bytes: Buffer): unknown => {
      const packet = original.parsePacket(bytes) as { d?: Record<string, unknown> | null };
      if (planted.fault === 'number' && packet.d?.['b'] === -1) packet.d['b'] = -2;
      if (planted.fault === 'throw' && packet.d?.['b'] === -1) throw new TypeError('oops');
      return packet;
    },
  };
});

vi.mock('../../src/decoding/stream-decoder.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/decoding/stream-decoder.ts')>();
  let frames = 0;
  class LossyDecoder extends original.ZlibStreamDecoder {
    override write(data: Buffer, isBinary: boolean): void {
      frames += 1;
      // A whole frame, but not its place in the stream.
      if (planted.fault === 'frame' && frames % 40 === 0) super.write(Buffer.alloc(0), isBinary);
      else super.write(data, isBinary);
    }
  }
  return { ...original, ZlibStreamDecoder: LossyDecoder };
});

vi.mock('../../src/protocol/printable.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/protocol/printable.ts')>();
  return {
    ...original,
    shortName: (name: string): string => (planted.fault === 'name' ? name : original.shortName(name)),
  };
});

vi.mock('../../src/session/current-session.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/session/current-session.ts')>();
  class ForgetfulSession extends original.CurrentSession {
    override rollBack(sequence: number | null): void {
      if (planted.fault !== 'rollback') super.rollBack(sequence);
    }
    override hasReceived(sequence: unknown): boolean {
      return planted.fault !== 'replay' && super.hasReceived(sequence);
    }
    override mustSkip(sequence: unknown): boolean {
      return planted.fault !== 'skip' && super.mustSkip(sequence);
    }
  }
  return { ...original, CurrentSession: ForgetfulSession };
});

vi.mock('../../src/connection/fast-lane.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/connection/fast-lane.ts')>();
  class FaultyFastLane extends original.FastLane {
    override tryHandle(bytes: Buffer): boolean {
      planted.isDelivering = true;
      try {
        return super.tryHandle(bytes);
      } finally {
        planted.isDelivering = false;
      }
    }
    override abandon(): boolean {
      return super.abandon() || planted.fault === 'patience';
    }
    override onCorruptData(error: GatewayError): void {
      if (planted.fault !== 'late' || planted.isDelivering) super.onCorruptData(error);
    }
  }
  return { ...original, FastLane: FaultyFastLane };
});

vi.mock('../../src/decoding/lazy-dispatch.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/decoding/lazy-dispatch.ts')>();
  const readData = original.LazyDispatch.readData.bind(original.LazyDispatch);
  original.LazyDispatch.readData = (dispatch): unknown => {
    try {
      return readData(dispatch);
    } catch (error) {
      if (planted.fault !== 'lenient' || planted.isDelivering) throw error;
      return {};
    }
  };
  return original;
});

const HANG_MS = 4_000;
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1).filter((seed) => settingOf(seed).workers === null);

/** Runs seeds until one fails. */
async function firstFailure(options: CaseOptions = {}): Promise<CaseResult | null> {
  for (const seed of SEEDS) {
    const result = await runCase(seed, { hangMs: HANG_MS, ...options });
    if (result.violation !== null) return result;
  }
  return null;
}

async function failureWith(fault: string): Promise<CaseResult | null> {
  planted.fault = fault;
  try {
    return await firstFailure();
  } finally {
    planted.fault = '';
  }
}

describe('Without a planted fault', () => {
  test('no seed fails, and every kind of setting occurs', async () => {
    expect((await firstFailure())?.violation).toBeUndefined();
    const settings = SEEDS.map(settingOf);
    expect(new Set(settings.map(({ compression }) => compression)).size).toBe(4);
    expect(new Set(settings.map(({ listening }) => listening)).size).toBe(4);
    expect(settings.some(({ hasRaw }) => hasRaw)).toBe(true);
    expect(settings.some(({ hasEventsOption }) => hasEventsOption)).toBe(true);
    expect(settings.some(({ maxResumeAttempts }) => maxResumeAttempts !== null)).toBe(true);
  });
});

describe('The fuzzer finds', () => {
  test('a dispatch that is lost', async () => {
    let count = 0;
    const failure = await firstFailure({ intercept: () => ((count += 1) === 12 ? 0 : 1) });
    expect(failure?.violation).toMatch(/instead of|waits without an end/);
  });

  test('a dispatch that is delivered twice', async () => {
    let count = 0;
    const failure = await firstFailure({ intercept: () => ((count += 1) === 12 ? 2 : 1) });
    expect(failure?.violation).toMatch(/instead of|delivered more than was sent/);
  });

  test.each([
    ['a value that is decoded wrongly', 'number', /instead of/],
    [
      'an error of the library itself',
      'throw',
      /instead of|unexpected fault|waits without an end|RESUME from|without a reason/,
    ],
    [
      'a decoder that loses one frame',
      'frame',
      /waits without an end|instead of|unexpected fault|RESUME from|without a reason/,
    ],
    ['a sequence that counts although its dispatch was broken', 'rollback', /RESUME from/],
    ['a repeated dispatch that is delivered again', 'replay', /instead of|delivered more than was sent/],
    ['a fault that quotes a name without an end', 'name', /a fault with a message of/],
    [
      'a broken dispatch that is never skipped',
      'skip',
      /waits without an end|unexpected fault|without a reason|instead of/,
    ],
    ['a session that is not given up although no replay gets past a message', 'patience', /RESUME of the session/],
    ['broken data that is read late and ends no connection', 'late', /waits without an end/],
    ['broken data that is read late as if it were whole', 'lenient', /instead of/],
  ])('%s', async (_, fault, violation) => {
    expect((await failureWith(fault))?.violation).toMatch(violation);
  });
});

describe('A failure', () => {
  test('is repeated by its seed, and shrinks to few steps that still fail', async () => {
    planted.fault = 'number';
    try {
      const failure = await firstFailure();
      if (failure === null) throw new Error('no seed has failed');
      const { seed } = failure.setting;
      expect((await runCase(seed, { hangMs: HANG_MS })).failedAt).toBe(failure.failedAt);
      const shortest = await shrink(failure);
      expect(shortest?.length).toBeGreaterThan(0);
      expect(shortest?.length).toBeLessThan(5);
      const { violation } = await runCase(seed, { hangMs: HANG_MS, only: shortest ?? [] });
      expect(violation).toMatch(/instead of/);
      planted.fault = '';
      expect((await runCase(seed, { hangMs: HANG_MS, only: shortest ?? [] })).violation).toBeNull();
    } finally {
      planted.fault = '';
    }
  });

  test('without a cause that repeats has no shortest case', async () => {
    const passing = await runCase(1, { hangMs: HANG_MS });
    expect(await shrink(passing)).toBeNull();
  });
});
