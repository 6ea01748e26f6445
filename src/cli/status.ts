/**
 * `shardwright status`: prints the status that a running bot serves with `serveStatus()`, or that of a cluster, which it
 * reads from Redis.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReport } from '../inspect/index.ts';
import type { Command, OptionValues } from './command.ts';
import { UsageError, stringOption } from './command.ts';
import { printable, printableJson } from '../protocol/printable.ts';
import { interruptSignal } from './interrupt.ts';
import { colorizeFor } from './colors.ts';
import type { Colorize } from './colors.ts';
import { clusterLines } from './cluster/cluster-view.ts';
import { isClusterHealthy, readCluster } from './cluster/cluster-report.ts';
import type { ClusterReport } from './cluster/cluster-report.ts';
import { CLUSTER_OPTIONS, clusterAddressFrom, openCluster } from './cluster/open-cluster.ts';
import { ReportError, fetchReport } from './status/report.ts';
import { isHealthy, statusLines } from './status/view.ts';

const WATCH_EVERY_MS = 1_000;
/** Moves to the upper left corner and clears everything below. */
const CLEAR_SCREEN = '\u001B[H\u001B[J';

const HELP = `Usage: shardwright status --url URL [OPTIONS]
       shardwright status --redis URL --app NAME [OPTIONS]

With --url it shows every shard of one process. That has to serve its status
(docs/manager.md):
  const endpoint = await serveStatus(manager, { port: 7979 });

With --redis it shows the cluster of a bot (docs/cluster.md): the nodes with their shards,
the shards without a node, and for each group of consumers how many dispatches are not
delivered yet, how many are not acknowledged, and how many are dead letters.

Options:
      --url URL    the address of the endpoint, such as http://127.0.0.1:7979/
      --redis URL  the Redis of the cluster, such as redis://127.0.0.1:6379
      --app NAME   the app that the nodes pass to redisEngine()
      --json       print the status as one line of JSON
      --watch      repeat every second, until Ctrl-C
  -h, --help       print this help

Exit codes: 0 every shard is ready (--redis: has a node), or closed by Ctrl-C with
--watch; 1 a shard is not, or there is no answer; 2 an option is wrong.
`;

function urlFrom(text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(
    'status: --url must be the http:// URL that serveStatus() returned, such as http://127.0.0.1:7979/; a cluster needs --redis',
  );
}

interface View<Report> {
  show(report: Report): void;
  /** Shows why there is no status. */
  showError(error: ReportError): void;
}

const jsonView: View<object> = {
  show: (report) => process.stdout.write(`${printableJson(report)}\n`),
  showError: ({ code, message }) => process.stdout.write(`${printableJson({ error: code, message })}\n`),
};

function tableView<Report>(
  isWatched: boolean,
  linesOf: (report: Report, colorize: Colorize, maxLines: number) => string[],
): View<Report> {
  const colorize = colorizeFor(process.stdout, process.env);
  const isScreen = isWatched && process.stdout.isTTY;
  const write = (lines: readonly string[]): void =>
    void process.stdout.write(
      `${isScreen ? CLEAR_SCREEN : ''}${lines.join('\n')}\n${isWatched && !isScreen ? '\n' : ''}`,
    );
  return {
    show: (report) => write(linesOf(report, colorize, isScreen ? process.stdout.rows : Infinity)),
    showError: ({ message }) => write([colorize('red', `✗ ${printable(message)}`)]),
  };
}

type Fetch<Report> = (signal: AbortSignal) => Promise<Report>;

async function watch<Report>(fetchIt: Fetch<Report>, view: View<Report>, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    try {
      view.show(await fetchIt(signal));
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      if (!signal.aborted) view.showError(error);
    }
    await sleep(WATCH_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

async function showManager(values: OptionValues, signal: AbortSignal): Promise<number> {
  const url = urlFrom(stringOption(values, 'url'));
  const isWatched = values['watch'] === true;
  const view = values['json'] === true ? jsonView : tableView<StatusReport>(isWatched, statusLines);
  if (isWatched) return watch((signalOfWatch) => fetchReport(url, signalOfWatch), view, signal);
  const report = await fetchReport(url, signal);
  view.show(report);
  return isHealthy(report) ? 0 : 1;
}

async function showCluster(values: OptionValues, signal: AbortSignal): Promise<number> {
  const address = clusterAddressFrom('status', values);
  const isWatched = values['watch'] === true;
  const view = values['json'] === true ? jsonView : tableView<ClusterReport>(isWatched, clusterLines);
  const connection = await openCluster('status', address, signal);
  try {
    if (isWatched) return await watch(() => readCluster(connection, address), view, signal);
    const report = await readCluster(connection, address);
    view.show(report);
    return isClusterHealthy(report) ? 0 : 1;
  } finally {
    await connection.close();
  }
}

export const status: Command = {
  options: { url: { type: 'string' }, ...CLUSTER_OPTIONS, json: { type: 'boolean' }, watch: { type: 'boolean' } },
  help: HELP,
  async run(values) {
    const isCluster = values['redis'] !== undefined || values['app'] !== undefined;
    if (isCluster && values['url'] !== undefined)
      throw new UsageError('status: --url is for one process, --redis and --app are for a cluster; pass one of both');
    using signal = interruptSignal();
    return isCluster ? await showCluster(values, signal) : await showManager(values, signal);
  },
};
