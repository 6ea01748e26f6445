/** Every metric, with its names in Prometheus and in OpenTelemetry. A new metric is a new row. */

export interface MetricDefinition {
  /** A histogram is of times. They are recorded in ms; Prometheus gets seconds. */
  readonly kind: 'gauge' | 'counter' | 'histogram';
  readonly prometheus: string;
  readonly openTelemetry: string;
  readonly help: string;
}

export const METRICS = {
  shards: {
    kind: 'gauge',
    prometheus: 'shardwright_shards',
    openTelemetry: 'shardwright.shards',
    help: 'Shards by state',
  },
  heartbeat: {
    kind: 'histogram',
    prometheus: 'shardwright_heartbeat_seconds',
    openTelemetry: 'shardwright.heartbeat.duration',
    help: 'Round trip of a heartbeat',
  },
  sessions: {
    kind: 'counter',
    prometheus: 'shardwright_sessions_total',
    openTelemetry: 'shardwright.sessions',
    help: 'Sessions started and resumed',
  },
  replayed: {
    kind: 'counter',
    prometheus: 'shardwright_replayed_total',
    openTelemetry: 'shardwright.replayed',
    help: 'Replayed dispatches',
  },
  disconnects: {
    kind: 'counter',
    prometheus: 'shardwright_disconnects_total',
    openTelemetry: 'shardwright.disconnects',
    help: 'Lost or closed connections',
  },
  errors: {
    kind: 'counter',
    prometheus: 'shardwright_errors_total',
    openTelemetry: 'shardwright.errors',
    help: 'Faults and failures',
  },
  identifyWait: {
    kind: 'histogram',
    prometheus: 'shardwright_identify_wait_seconds',
    openTelemetry: 'shardwright.identify.wait',
    help: 'Wait for the identify gate',
  },
  sessionStarts: {
    kind: 'gauge',
    prometheus: 'shardwright_session_starts_remaining',
    openTelemetry: 'shardwright.session_starts.remaining',
    help: 'Session starts left today',
  },
  sends: {
    kind: 'counter',
    prometheus: 'shardwright_sends_total',
    openTelemetry: 'shardwright.sends',
    help: 'Payloads that were sent or abandoned',
  },
  sendWait: {
    kind: 'histogram',
    prometheus: 'shardwright_send_wait_seconds',
    openTelemetry: 'shardwright.send.wait',
    help: 'Wait for the send limits',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

/** The names of the metrics of one kind. */
export type MetricOf<Kind extends MetricDefinition['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

export type Labels = Readonly<Record<string, string>>;

/** Where measurements go. */
export interface MetricSink {
  /** Adds to a counter, or to the gauge of one state. */
  add(metric: MetricOf<'counter'> | 'shards', amount: number, labels?: Labels): void;
  set(metric: 'sessionStarts', value: number): void;
  /** Records a time in ms. */
  observe(metric: MetricOf<'histogram'>, ms: number): void;
}
