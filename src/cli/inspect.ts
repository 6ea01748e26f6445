/** `shardwright inspect`: shows a recording on a local page, or without one the demo, which then has no end. */
import type { Command } from './command.ts';
import { MAX_SEED, seedFrom } from './demo/seed.ts';
import { NORMAL } from './demo/pace.ts';
import { runDemo } from './demo/run-demo.ts';
import { showRecording } from './inspect-recording.ts';
import { openInspector, portFrom } from './inspect-option.ts';
import { interruptSignal } from './interrupt.ts';
import { OutputLog, wallClock } from './output-log.ts';

const HELP = `Usage: shardwright inspect [OPTIONS]
       shardwright inspect FILE|DIRECTORY [--port N]

Opens the inspector, a page on this machine. With a recording of a FlightRecorder, the
page goes through its time: the statechart as it was, the log, and the incidents
(docs/incidents.md).

Without one, it shows a shard of the demo: its statechart, timeline, latency and log.
The gateway of the demo misbehaves every few seconds, until you press Ctrl-C. To watch
your own shard, add an inspector to your bot (docs/inspector.md), or use
shardwright connect --inspect.

Options:
      --port N    the port of the page on 127.0.0.1 (any free port)
      --seed N    the seed of the demo, an integer up to ${MAX_SEED} (random)
  -h, --help      print this help

Exit codes: 0 closed by Ctrl-C; 1 a dispatch of the demo was lost, or there is no
recording that can be read; 2 an option is wrong.
`;

/** The page shows what happens, so the terminal does not. */
const SILENT = { write: () => true };

export const inspect: Command = {
  options: { port: { type: 'string' }, seed: { type: 'string' } },
  argument: 'FILE or DIRECTORY',
  isArgumentOptional: true,
  help: HELP,
  async run(values, path) {
    const seed = seedFrom('inspect', values);
    const port = portFrom('--port', values['port']);
    if (path !== '') return showRecording(path, port);
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
      observers: [inspector.inspect],
    });
    return stats.isClean ? 0 : 1;
  },
};
