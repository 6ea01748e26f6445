/** Writes a conversation between client and gateway step by step, without shard or socket, on a virtual clock. */
import { Oracle, VirtualClock } from '../../../src/testing/index.ts';
import type { OracleConnection, OracleOptions, OracleRule } from '../../../src/testing/index.ts';

const QUERY = '?v=10&encoding=json';
export const MAIN = `wss://main.test/${QUERY}`;
export const RESUME = `wss://resume.test/${QUERY}`;
export const INTERVAL_MS = 10_000;

export const IDENTIFY = {
  token: 'secret',
  intents: 1,
  properties: { os: 'linux', browser: 'shardwright', device: 'shardwright' },
};

type Fields = Readonly<Record<string, unknown>>;

export class OracleScript {
  readonly clock = new VirtualClock();
  readonly oracle: Oracle;
  #connection: OracleConnection;

  constructor(options: Partial<OracleOptions> = {}, url = MAIN) {
    this.oracle = new Oracle({ clock: this.clock, mainUrl: MAIN, identifyIntervalMs: 0, ...options });
    this.#connection = this.oracle.connect(url);
  }

  get rules(): OracleRule[] {
    return this.oracle.complaints.map(({ rule }) => rule);
  }

  /** Opens a new connection. The last one stays open. */
  connect(url = MAIN): this {
    this.#connection = this.oracle.connect(url);
    return this;
  }

  wait(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  send(op: number, rest: Fields = {}): this {
    this.#connection.sent({ op, ...rest });
    return this;
  }

  receive(packet: unknown): this {
    this.#connection.received(typeof packet === 'string' ? packet : JSON.stringify(packet));
    return this;
  }

  hello(intervalMs: unknown = INTERVAL_MS): this {
    return this.send(10, { d: { heartbeat_interval: intervalMs } });
  }

  identify(fields: Fields = {}): this {
    return this.receive({ op: 2, d: { ...IDENTIFY, ...fields } });
  }

  resume(seq: unknown, fields: Fields = {}): this {
    return this.receive({ op: 6, d: { token: 'secret', session_id: 'session', seq, ...fields } });
  }

  ready(s = 1, id = 'session'): this {
    return this.dispatch(s, 'READY', { session_id: id, resume_gateway_url: 'wss://resume.test' });
  }

  dispatch(s: number, t = 'MESSAGE_CREATE', d: unknown = {}): this {
    return this.send(0, { t, s, d });
  }

  resumed(s: number): this {
    return this.dispatch(s, 'RESUMED');
  }

  heartbeat(d: unknown = null): this {
    return this.receive({ op: 1, d });
  }

  /** A heartbeat and its ACK. */
  acknowledgedHeartbeat(d: unknown = null): this {
    return this.heartbeat(d).ack();
  }

  ack(): this {
    return this.send(11);
  }

  presence(): this {
    return this.receive({ op: 3, d: { status: 'online' } });
  }

  /** HELLO, IDENTIFY, READY. */
  live(): this {
    return this.hello().identify().ready();
  }

  invalid(mayResume: boolean): this {
    return this.send(9, { d: mayResume });
  }

  clientCloses(code: number | null = 4200): this {
    this.#connection.closedByClient(code);
    return this;
  }

  gatewayCloses(code: number | null): this {
    this.#connection.closedByGateway(code);
    return this;
  }

  finish(): this {
    this.#connection.finish();
    return this;
  }

  allowLoss(): this {
    this.#connection.allowLoss();
    return this;
  }

  markUndecodable(): this {
    this.#connection.markUndecodable();
    return this;
  }

  times(count: number, act: (script: this, n: number) => unknown): this {
    for (let n = 0; n < count; n += 1) act(this, n);
    return this;
  }
}

/** A script, and the words for it in the title of its test. */
export type RuleCase = readonly [title: string, run: () => OracleScript];

/** Scripts that keep a rule, and scripts that break it. */
export interface RuleCases {
  readonly legal: readonly RuleCase[];
  readonly illegal: readonly RuleCase[];
}
