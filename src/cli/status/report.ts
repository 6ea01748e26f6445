/** Fetches the status of a manager, and checks its format. */
import type { StatusReport } from '../../inspect/index.ts';
import { isObject } from '../../protocol/validation.ts';

const TIMEOUT_MS = 5_000;

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
    const response = await fetch(url, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    text = await response.text();
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
  const { formatVersion, status } = report;
  if (formatVersion !== 1)
    throw new ReportError(
      'NEWER_FORMAT',
      `${url.href} serves the status of a newer shardwright; run that version of shardwright status`,
    );
  if (!isObject(status) || !Array.isArray(status['shards']))
    throw new ReportError(
      'NOT_A_STATUS',
      `${url.href} serves a status without shards; use the URL that serveStatus() returned`,
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
