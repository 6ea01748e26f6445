/** Opcodes by name: those of discord-api-types, and readable names for logs. */
import { GatewayOpcodes } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { opcodeName, Opcodes } from '../../src/protocol/opcodes.ts';

test('every opcode has the number discord-api-types gives it, where it knows the name', () => {
  const theirs = GatewayOpcodes as unknown as Record<string, number>;
  const known = Object.entries(Opcodes).filter(([name]) => name in theirs);
  expect(known).toEqual(known.map(([name]) => [name, theirs[name]]));
  expect(known.length).toBeGreaterThan(9);
});

test('an opcode is named as Discord names it, and by its number when it is not known', () => {
  expect([0, 10, 43, 5, -1].map((opcode) => opcodeName(opcode))).toEqual([
    'Dispatch',
    'Hello',
    'RequestChannelInfo',
    'op 5',
    'op -1',
  ]);
});
