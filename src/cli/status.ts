/** `shardwright status`: prints the status that a running bot serves with `serveStatus()`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReport } from '../inspect/index.ts';
import type { Command } from './command.ts';
import { UsageError, stringOption } from './command.ts';
import { printable, printableJson } from '../protocol/printable.ts';
import { interruptSignal } from './interrupt.ts';
import { colorizeFor } from './colors.ts';
import { ReportError, fetchReport } from './status/report.ts';
import { isHealthy, statusLines } from './status/view.ts';

const WATCH_EVERY_MS = 1_000;
/** Moves to the upper left corner and clears everything below. */
const CLEAR_SCREEN = '\u001B[H\u001B[J';

const HELP = `Usage: shardwright status --url URL [OPTIONS]

Shows every shard of a running bot. The bot has to serve its status (docs/manager.md):
  const endpoint = await serveStatus(manager, { port: 7979 });

Options:
      --url URL   the address of the endpoint, such as http://127.0.0.1:7979/
      --json      print the status as one line of JSON
      --watch     repeat every second, until Ctrl-C
  -h, --help      print this help

Exit codes: 0 every shard is ready, or closed by Ctrl-C with --watch; 1 a shard is not
ready, or the bot does not answer; 2 an option is wrong.
`;

function urlFrom(text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(
    'status: --url must be the http:// URL that serveStatus() returned, such as http://127.0.0.1:7979/',
  );
}

interface View {
  show(report: StatusReport): void;
  /** Shows why there is no status. */
  showError(error: ReportError): void;
}

const jsonView: View = {
  show: (report) => process.stdout.write(`${printableJson(report)}\n`),
  showError: ({ code, message }) => process.stdout.write(`${printableJson({ error: code, message })}\n`),
};

function tableView(isWatched: boolean): View {
  const colorize = colorizeFor(process.stdout, process.env);
  const isScreen = isWatched && process.stdout.isTTY;
  const write = (lines: readonly string[]): void =>
    void process.stdout.write(
      `${isScreen ? CLEAR_SCREEN : ''}${lines.join('\n')}\n${isWatched && !isScreen ? '\n' : ''}`,
    );
  return {
    show: (report) => write(statusLines(report, colorize, isScreen ? process.stdout.rows : Infinity)),
    showError: ({ message }) => write([colorize('red', `✗ ${printable(message)}`)]),
  };
}

async function watch(url: URL, view: View): Promise<number> {
  using signal = interruptSignal();
  while (!signal.aborted) {
    try {
      view.show(await fetchReport(url, signal));
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      if (!signal.aborted) view.showError(error);
    }
    await sleep(WATCH_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

export const status: Command = {
  options: { url: { type: 'string' }, json: { type: 'boolean' }, watch: { type: 'boolean' } },
  help: HELP,
  async run(values) {
    const url = urlFrom(stringOption(values, 'url'));
    const isWatched = values['watch'] === true;
    const view = values['json'] === true ? jsonView : tableView(isWatched);
    if (isWatched) return watch(url, view);
    const report = await fetchReport(url);
    view.show(report);
    return isHealthy(report) ? 0 : 1;
  },
};
