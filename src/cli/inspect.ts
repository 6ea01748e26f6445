/** `shardwright inspect`: the world of the demo without end, to be watched on a local page instead of line by line. */
import type { Command } from './command.ts';
import { MAX_SEED, seedFrom } from './demo/seed.ts';
import { NORMAL } from './demo/pace.ts';
import { runDemo } from './demo/run-demo.ts';
import { openInspector, portFrom } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, wallClock } from './output-log.ts';

const HELP = `Usage: shardwright inspect [OPTIONS]

Opens the inspector, a page on this machine, on a shard that lives with a gateway that
misbehaves every few seconds: its chart, timeline, latency and log. It goes on until
Ctrl-C. To watch a shard of your own, give your bot an inspector (docs/inspector.md), or
use shardwright connect --inspect.

Options:
      --port N    the port of the page on 127.0.0.1 (a free one)
      --seed N    which world, an integer up to ${MAX_SEED} (random)
  -h, --help      this text

Exit codes: 0 closed by Ctrl-C; 1 a dispatch was lost; 2 an option is wrong.
`;

/** What happens is on the page. */
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
    output.log('note', `the inspector is at ${inspector.url}; Ctrl-C ends it`);
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
