/** Fetches the status of a manager, and checks its format. */
import type { StatusReport } from '../../inspect/index.ts';
import { readText } from '../../http/read-text.ts';
import { isObject } from '../../protocol/validation.ts';
import { damageOf } from './report-format.ts';

const TIMEOUT_MS = 5_000;
/** Enough for 50,000 shards. */
const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** There is no status to show. The message says what to do. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: 'NO_ANSWER' | 'NOT_A_STATUS' | 'NEWER_FORMAT';

  constructor(code: ReportError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Resolves with the status. Rejects with a ReportError. */
export async function fetchReport(url: URL, signal?: AbortSignal): Promise<StatusReport> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let text: string;
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      // A status endpoint does not redirect; another server must not choose what is asked next.
      redirect: 'manual',
    });
    text = await readText(response, MAX_REPORT_BYTES);
  } catch (cause) {
    throw new ReportError(
      'NO_ANSWER',
      `no answer from ${url.origin}; check that the bot is running and calls serveStatus(manager, { port })`,
      { cause },
    );
  }
  return reportFrom(text, url);
}

function reportFrom(text: string, url: URL): StatusReport {
  const report = parsed(text);
  if (!isObject(report) || report['format'] !== 'shardwright-status') {
    throw new ReportError(
      'NOT_A_STATUS',
      `${url.href} does not serve a status; use the URL that serveStatus() returned`,
    );
  }
  const { formatVersion } = report;
  if (formatVersion !== 1)
    throw new ReportError(
      'NEWER_FORMAT',
      `${url.href} serves the status of a newer shardwright; run that version of shardwright status`,
    );
  const wrong = damageOf(report);
  if (wrong !== null)
    throw new ReportError(
      'NOT_A_STATUS',
      `${url.href} serves a damaged status, whose field ${wrong} is missing or wrong; use the URL that serveStatus() returned`,
    );
  return report as unknown as StatusReport;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
