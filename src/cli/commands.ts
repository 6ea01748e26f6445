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
    summary: 'show every shard of a running bot, or the nodes of a cluster',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'drain',
    summary: 'ask a node of a cluster to hand its shards over',
    load: async () => (await import('./drain.ts')).drain,
  },
  {
    name: 'inspect',
    summary: 'watch a shard of the demo, or go through a recording, on a local page',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  {
    name: 'explain',
    summary: 'say why a bot was offline, from the recording of its FlightRecorder',
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'replay',
    summary: 'run a recording again, and say whether this version does the same',
    load: async () => (await import('./replay.ts')).replay,
  },
];
