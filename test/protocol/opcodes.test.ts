/** Opcodes by name: the numbers of discord-api-types, and readable names for logs. */
import { GatewayOpcodes } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { opcodeName, Opcodes } from '../../src/protocol/opcodes.ts';

describe('Opcodes', () => {
  test('has the number of discord-api-types for every opcode whose name is known there', () => {
    const expected = GatewayOpcodes as unknown as Record<string, number>;
    const known = Object.entries(Opcodes).filter(([name]) => name in expected);
    expect(known).toEqual(known.map(([name]) => [name, expected[name]]));
    expect(known.length).toBeGreaterThan(9);
  });
});

describe('opcodeName()', () => {
  test("returns the name in Discord's documentation, or the number of an unknown opcode", () => {
    expect([0, 10, 43, 5, -1].map((opcode) => opcodeName(opcode))).toEqual([
      'Dispatch',
      'Hello',
      'RequestChannelInfo',
      'op 5',
      'op -1',
    ]);
  });
});
