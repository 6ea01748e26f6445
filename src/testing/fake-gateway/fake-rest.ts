/** The test's end of the REST API: what it is asked, and what it answers. */
import type { IncomingHttpHeaders } from 'node:http';

/** A request to {@link FakeGateway.apiUrl}, such as a message that a bot writes. */
export interface FakeRestRequest {
  readonly method: string;
  /** Below `apiUrl`, without the query: `/channels/7/messages`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Decoded if it is JSON, else as text; `null` if there is none. */
  readonly body: unknown;
}

export interface FakeRestReply {
  /** @defaultValue 200, or 204 without a body */
  readonly status?: number;
  /** Written as JSON. */
  readonly body?: unknown;
}

/** Answers a request; with `null` by 404. What it throws becomes a 500 with the message. */
export type FakeRest = (request: FakeRestRequest) => FakeRestReply | null | Promise<FakeRestReply | null>;
