/**
 * `shardwright/opentelemetry`: metrics for OpenTelemetry. `@opentelemetry/api` is not imported but for its global meter
 * provider, so that its version is yours.
 */
import '../protocol/require-node.ts';
import { countStates, statusOf } from './bot-status.ts';
import type { StatusSource } from './bot-status.ts';
import { METRICS } from './metric-table.ts';
import type { MetricName, MetricSink } from './metric-table.ts';
import { recordTelemetry } from './telemetry-recorder.ts';

export type { ManagerSource, ShardSource, StatusSource } from './bot-status.ts';

/** What an instrument is called and measured in. */
export interface InstrumentDescription {
  description?: string;
  unit?: string;
}

/** Takes the values of an instrument. */
export interface ObservableResult {
  observe(value: number, attributes?: Record<string, string>): void;
}

/** An instrument that is asked when the metrics are read. */
export interface ObservableInstrument {
  addCallback(callback: (result: ObservableResult) => void): void;
  removeCallback(callback: (result: ObservableResult) => void): void;
}

/** The part of a `Meter` of `@opentelemetry/api` that is used. */
export interface OpenTelemetryMeter {
  createCounter(
    name: string,
    options?: InstrumentDescription,
  ): { add(value: number, attributes?: Record<string, string>): void };
  createUpDownCounter(
    name: string,
    options?: InstrumentDescription,
  ): { add(value: number, attributes?: Record<string, string>): void };
  createHistogram(name: string, options?: InstrumentDescription): { record(value: number): void };
  createGauge(name: string, options?: InstrumentDescription): { record(value: number): void };
  createObservableUpDownCounter(name: string, options?: InstrumentDescription): ObservableInstrument;
}

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /**
   * The meter that creates the instruments. Set it if you do not use the global meter provider.
   * @defaultValue `metrics.getMeter('shardwright')` of `@opentelemetry/api`, which must be installed
   */
  meter?: OpenTelemetryMeter;
  /**
   * The `ShardManager` or `Shard` whose shards are counted by state. Set it if the bot is connected already, or if the
   * process has several bots. All other metrics are of all bots of the process.
   * @defaultValue counts the changes of state from now on
   */
  bot?: StatusSource;
}

/** An instrumentation that is running. */
export interface Instrumentation extends Disposable {
  /** Ends the instrumentation. */
  stop(): void;
}

const namesOf = (kind: string): MetricName[] =>
  (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].kind === kind);

/** Creates one instrument for each metric of a kind. */
const createAll = <Instrument>(
  kind: string,
  create: (name: string, options: InstrumentDescription) => Instrument,
  options: InstrumentDescription = {},
): ReadonlyMap<MetricName, Instrument> =>
  new Map(
    namesOf(kind).map((name) => {
      const { openTelemetry, help } = METRICS[name];
      return [name, create(openTelemetry, { description: help, ...options })];
    }),
  );

function createSink(meter: OpenTelemetryMeter, bot: StatusSource | null): { sink: MetricSink; stop: () => void } {
  const counters = createAll('counter', (name, options) => meter.createCounter(name, options));
  const histograms = createAll('histogram', (name, options) => meter.createHistogram(name, options), { unit: 'ms' });
  const shardsOptions = { description: METRICS.shards.help };
  const shards = bot === null ? meter.createUpDownCounter(METRICS.shards.openTelemetry, shardsOptions) : null;
  const startsOptions = { description: METRICS.sessionStarts.help };
  const starts = meter.createGauge(METRICS.sessionStarts.openTelemetry, startsOptions);
  const sink: MetricSink = {
    add: (metric, amount, labels) => (metric === 'shards' ? shards : counters.get(metric))?.add(amount, labels),
    set: (_, value) => starts.record(value),
    observe: (metric, ms) => histograms.get(metric)?.record(ms),
  };
  if (bot === null) return { sink, stop: () => undefined };
  const observed = meter.createObservableUpDownCounter(METRICS.shards.openTelemetry, shardsOptions);
  const observe = (result: ObservableResult): void => {
    for (const [state, count] of countStates(statusOf(bot))) result.observe(count, { state });
  };
  observed.addCallback(observe);
  return { sink, stop: () => observed.removeCallback(observe) };
}

async function defaultMeter(): Promise<OpenTelemetryMeter> {
  // Not a literal, so that a project without the package compiles, and a bundler leaves it out.
  const name: string = '@opentelemetry/api';
  try {
    const { metrics } = (await import(name)) as {
      readonly metrics: { getMeter(meterName: string): OpenTelemetryMeter };
    };
    return metrics.getMeter('shardwright');
  } catch (cause) {
    throw new Error('instrument() needs @opentelemetry/api: install it, or pass the option meter', { cause });
  }
}

/**
 * Records metrics of all shards of the process with OpenTelemetry, those of worker threads included. Call it in the main
 * thread, after the meter provider is set up and before `connect()`. With the option `meter` it records when it returns.
 *
 * Resolves with the instrumentation. Rejects if `@opentelemetry/api` is not installed.
 *
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api';
 *
 * metrics.setGlobalMeterProvider(provider);
 * await instrument();
 * ```
 */
export async function instrument({ meter, bot }: InstrumentOptions = {}): Promise<Instrumentation> {
  const { sink, stop: stopObserving } = createSink(meter ?? (await defaultMeter()), bot ?? null);
  const stopRecording = recordTelemetry(sink);
  const stop = (): void => {
    stopRecording();
    stopObserving();
  };
  return { stop, [Symbol.dispose]: stop };
}
