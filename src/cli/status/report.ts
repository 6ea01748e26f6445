/** Fetches the status of a manager, and makes sure that it is one. */
import type { StatusReport } from '../../inspect/index.ts';
import { isObject } from '../../protocol/validation.ts';

const TIMEOUT_MS = 5_000;

/** There is no status to show; the message says what to do. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: 'NO_ANSWER' | 'NOT_A_STATUS' | 'NEWER_FORMAT';

  constructor(code: ReportError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @throws ReportError */
export async function fetchReport(url: URL, signal?: AbortSignal): Promise<StatusReport> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let text: string;
  try {
    const response = await fetch(url, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    text = await response.text();
  } catch (cause) {
    throw new ReportError(
      'NO_ANSWER',
      `nobody answers at ${url.origin}: is the bot running, and does it call serveStatus(manager, { port })?`,
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
      `what answers at ${url.href} is not a manager's status: give the URL of serveStatus()`,
    );
  }
  const { formatVersion, status } = report;
  if (formatVersion !== 1)
    throw new ReportError(
      'NEWER_FORMAT',
      `the status at ${url.href} is of a newer shardwright than this one: use that`,
    );
  if (!isObject(status) || !Array.isArray(status['shards']))
    throw new ReportError('NOT_A_STATUS', `the status at ${url.href} is damaged`);
  return report as unknown as StatusReport;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
