/** Where the errors of a bot go: to Node, which ends the process as it does without shardwright. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { callBot, ignorable } from '../../src/frameworks/bot-errors.ts';

const BOT_ERRORS = new URL('../../src/frameworks/bot-errors.ts', import.meta.url).href;

/** Runs a callback of a bot in a process. Resolves with the exit code, and whether the error was written. */
async function runInProcess(callback: string) {
  const code = `import { callBot } from '${BOT_ERRORS}'; callBot(${callback}, 1, 2); console.log('went on');`;
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '--eval',
    code,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, wentOn: output.includes('went on'), saysWhy: output.includes('a bug of the bot') };
}

describe('callBot()', () => {
  test.each([
    ['throws', `() => { throw new Error('a bug of the bot'); }`],
    ['returns a promise that rejects', `async () => { throw new Error('a bug of the bot'); }`],
  ])('returns, and ends the process with the error, when the callback %s', async (_title, callback) => {
    expect(await runInProcess(callback)).toEqual({ exitCode: 1, wentOn: true, saysWhy: true });
  });

  test('passes both arguments', () => {
    let received: unknown;
    callBot((a: number, b: string) => (received = [a, b]), 1, 'two');

    expect(received).toEqual([1, 'two']);
  });

  test('throws data that is not JSON back at the shard, which asks for it again', () => {
    const error = new GatewayError('DECODE_FAILED', 'not JSON');
    const read = (): never => {
      throw error;
    };

    expect(() => callBot(read, 1, 2)).toThrow(error);
  });

  test('ignores data that is not JSON when the callback reads it later: the shard has reported it', async () => {
    const error = new GatewayError('DECODE_FAILED', 'not JSON');
    const read = async (): Promise<never> => {
      await Promise.resolve();
      throw error;
    };

    // An unhandled rejection would fail the test run.
    expect(callBot(read, 1, 2)).toBe(undefined);
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('ignorable()', () => {
  test('returns the very promise, which the caller may ignore', async () => {
    const error = new Error('stopped');
    const promise = Promise.reject(error);

    expect(ignorable(promise)).toBe(promise);
    await expect(promise).rejects.toBe(error);
  });
});
