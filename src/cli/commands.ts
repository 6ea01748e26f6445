/** The subcommands. Each is loaded when it is asked for, so that `--help` costs nothing. */
import type { Command } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'watch a shard, or many, survive a gateway that misbehaves; no token, no network',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'connect',
    summary: 'connect one shard to Discord and tell what happens',
    load: async () => (await import('./connect.ts')).connect,
  },
  {
    name: 'doctor',
    summary: 'check token, intents, session starts and this machine before a bot starts',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'status',
    summary: 'what a running manager is doing: a table, JSON, or both again and again',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'inspect',
    summary: 'watch a shard and its statechart on a local page',
    load: async () => (await import('./inspect.ts')).inspect,
  },
];
