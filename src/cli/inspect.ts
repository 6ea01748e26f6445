/** `shardwright inspect`: runs the demo without an end, and shows it on a local page instead of printing lines. */
import type { Command } from './command.ts';
import { MAX_SEED, seedFrom } from './demo/seed.ts';
import { NORMAL } from './demo/pace.ts';
import { runDemo } from './demo/run-demo.ts';
import { openInspector, portFrom } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, wallClock } from './output-log.ts';

const HELP = `Usage: shardwright inspect [OPTIONS]

Opens the inspector, a page on this machine, for a shard of the demo: its statechart,
timeline, latency and log. The gateway of the demo misbehaves every few seconds, until
you press Ctrl-C. To watch your own shard, add an inspector to your bot
(docs/inspector.md), or use shardwright connect --inspect.

Options:
      --port N    the port of the page on 127.0.0.1 (any free port)
      --seed N    the seed of the demo, an integer up to ${MAX_SEED} (random)
  -h, --help      print this help

Exit codes: 0 closed by Ctrl-C; 1 a dispatch was lost; 2 an option is wrong.
`;

/** The page shows what happens, so the terminal does not. */
const SILENT = { write: () => true };

export const inspect: Command = {
  options: { port: { type: 'string' }, seed: { type: 'string' } },
  help: HELP,
  async run(values) {
    const seed = seedFrom('inspect', values);
    const port = portFrom('--port', values['port']);
    using signal = interruptSignal();
    const output = new OutputLog(wallClock);
    await using inspector = await openInspector(port);
    output.log('note', `the inspector is at ${inspector.url}; press Ctrl-C to stop`);
    const stats = await runDemo({
      seed,
      pace: NORMAL,
      forever: true,
      output: new OutputLog(wallClock, SILENT),
      signal,
      inspect: inspector.inspect,
    });
    return stats.isClean ? 0 : 1;
  },
};
