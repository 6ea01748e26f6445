/** The subcommands. Each is loaded only when it runs, so that `--help` is fast. */
import type { Command } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'watch one shard, or many, recover from a gateway that misbehaves; needs no token',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'connect',
    summary: 'connect one shard to Discord and print what happens',
    load: async () => (await import('./connect.ts')).connect,
  },
  {
    name: 'doctor',
    summary: 'check token, intents, session starts and this machine before you start a bot',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'status',
    summary: 'show every shard of a running bot, as a table or as JSON',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'inspect',
    summary: 'watch a shard and its statechart on a local page',
    load: async () => (await import('./inspect.ts')).inspect,
  },
];
