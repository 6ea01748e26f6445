/** Shows a recording on the page of the inspector: the same page on the same loopback server, with a scrubber over time. */
import type { WebSocket } from 'ws';
import type { RecordedSpan } from '../../inspect/messages.ts';
import { PageClient } from '../../inspect/page-client.ts';
import { PageServer } from '../../inspect/page-server.ts';
import type { HttpResponse } from '../../inspect/http-server.ts';
import { explain } from '../explain/explain.ts';
import { readRecording } from '../format/index.ts';
import { RecordedHistory } from './recorded-history.ts';
import { noteRuns } from './run-spans.ts';
import type { RunSpan } from './run-spans.ts';
import { stretchOf } from './stretch.ts';

const MAX_PAGES = 8;
/** A page lists no more. */
const MAX_INCIDENTS = 500;
const MAX_PROBLEMS = 20;

const STRETCH_PATH = /^\/stretch\/(\d{1,16})-(\d{1,16})\.ndjson$/;

export interface RecordedInspectorOptions {
  readonly path: string;
  readonly port: number;
  /** When the recording is read, in ms since the epoch. */
  readonly now: number;
}

/** A running page with a recording. */
export interface RecordedInspector extends AsyncDisposable {
  readonly url: string;
  readonly span: RecordedSpan;
}

/** @throws {@link GatewayError} `RECORDING_UNREADABLE`, or the error of `net.Server` when it can not listen */
export async function inspectRecording({ path, port, now }: RecordedInspectorOptions): Promise<RecordedInspector> {
  const { history, span } = await readHistory(path, now);
  const clients = new Set<PageClient>();
  const server = await PageServer.listen({
    port,
    canAccept: () => clients.size < MAX_PAGES,
    onPage: (socket) => addPage(socket, history, span, clients),
    respond: (requested) => stretchAt(requested, path),
  });
  return {
    url: server.url,
    span,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.terminate();
      await server.close();
    },
  };
}

async function readHistory(path: string, now: number): Promise<{ history: RecordedHistory; span: RecordedSpan }> {
  const problems: string[] = [];
  const runs = new Map<string, RunSpan>();
  const lines = readRecording(path, { onProblem: ({ reason }) => problems.push(reason) });
  const { incidents } = await explain(noteRuns(lines, runs), { now });
  const from = Math.min(...[...runs.values()].map((run) => run.from));
  const to = Math.max(...[...runs.values()].map((run) => run.to));
  const history = new RecordedHistory(runs, from);
  for await (const line of readRecording(path)) history.add(line);
  if (history.leftOut > 0)
    problems.unshift(`the log begins later: it has the newest entries, ${history.leftOut} are left out`);
  if (incidents.length > MAX_INCIDENTS)
    problems.unshift(`the page marks the newest ${MAX_INCIDENTS} of ${incidents.length} incidents`);
  return {
    history,
    span: {
      from,
      to,
      incidents: incidents
        .slice(-MAX_INCIDENTS)
        .map(({ lostText: lost, number, title, shards, startAt, endAt, what, did, advice }) => {
          return { number, title, shards, startAt, endAt, what, did, lost, advice };
        }),
      problems: problems.slice(0, MAX_PROBLEMS),
      dispatches: history.dispatches,
    },
  };
}

function addPage(socket: WebSocket, history: RecordedHistory, span: RecordedSpan, clients: Set<PageClient>): void {
  let at = span.to;
  const send = (to: PageClient, first: RecordedSpan | null): void =>
    to.send({ type: 'moment', ...history.momentAt(at, to.selected), span: first });
  const client = new PageClient(
    socket,
    (selecting) => send(selecting, null),
    (closed) => clients.delete(closed),
    (seeking, wanted) => {
      at = Math.min(Math.max(wanted, span.from), span.to);
      send(seeking, null);
    },
  );
  clients.add(client);
  send(client, span);
}

/** The records between two times, to download. */
async function stretchAt(requested: string, path: string): Promise<HttpResponse | null> {
  const [, from, to] = STRETCH_PATH.exec(requested) ?? [];
  if (from === undefined || to === undefined) return null;
  const body = await stretchOf(readRecording(path), Number(from), Number(to));
  return body === null
    ? { status: 413, type: 'text/plain', body: 'this stretch is too long; choose a shorter one' }
    : { type: 'application/x-ndjson', body };
}
