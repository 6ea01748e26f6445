/** Where `perf` can't count instructions, the bench has no such column; where it can, it counts only what it should. */
import { describe, expect, test } from 'vitest';
import { InstructionCounter, countIn } from '../../bench/instructions.ts';

describe('the output of perf', () => {
  test.each([
    ['a count', '123456,,instructions:u,1000,100.00,,\n', 123_456],
    ['a time', '12.5,msec,task-clock,1000,100.00,,\n', 12.5],
    ['an event that the machine can not count', '<not supported>,,instructions:u,0,100.00,,\n', null],
    ['an event that was never enabled', '<not counted>,,instructions:u,0,100.00,,\n', null],
    ['an error', 'perf: no such process\n', null],
    ['nothing', '', null],
  ])('is read as %s', (_what, output, expected) => {
    expect(countIn(output)).toBe(expected);
  });
});

/** Does what `perf stat --control` does: it counts one for each command, and prints the count when it is interrupted. */
const FAKE_PERF = `
  const { writeSync } = require('node:fs');
  const { Socket } = require('node:net');
  let count = 0;
  new Socket({ fd: 3 }).on('data', (text) => {
    for (const command of String(text).trim().split('\\n')) count += command === 'enable' ? 1 : 1_000;
    writeSync(4, 'ack\\n');
  });
  process.on('SIGINT', () => {
    writeSync(2, count + ',,instructions:u,1,100.00,,\\n');
    process.exit();
  });
`;

const start = () => new InstructionCounter(process.pid, [process.execPath, '-e', FAKE_PERF, '--']);

describe('a counter', () => {
  test('divides the instructions between enable and disable by the dispatches', async () => {
    const counter = start();
    await counter.enable();
    await counter.disable(10);
    await counter.enable();
    await counter.disable(40);
    expect(await counter.stop()).toBe(2_002 / 50);
  });

  test('that was never enabled has no count', async () => {
    const counter = start();
    await counter.enable();
    expect(await counter.stop()).toBeNull();
  });

  test('whose perf has ended waits for nothing', async () => {
    const counter = new InstructionCounter(process.pid, [process.execPath, '-e', '']);
    await counter.enable();
    await counter.disable(1);
    expect(await counter.stop()).toBeNull();
  });
});

test('without a process nothing is counted', () => {
  expect(InstructionCounter.start(undefined)).toBeNull();
});
