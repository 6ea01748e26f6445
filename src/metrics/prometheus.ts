/**
 * `shardwright/prometheus`: metrics for prom-client. That package is not imported but for its default register, so that
 * its version is yours.
 */
import '../protocol/require-node.ts';
import { MetricRegistry } from './metric-registry.ts';
import { METRICS } from './metric-table.ts';
import type { MetricDefinition, MetricName } from './metric-table.ts';
import type { StatusSource } from './bot-status.ts';
import { recordTelemetry } from './telemetry-recorder.ts';

export type { ManagerSource, ShardSource, StatusSource } from './bot-status.ts';

/** The part of a `Registry` of prom-client that is used. */
export interface PrometheusRegister {
  registerMetric(metric: object): void;
  removeSingleMetric(name: string): void;
}

/** Options of {@link collectMetrics}. */
export interface CollectMetricsOptions {
  /**
   * The registry of prom-client. Set it if you do not use the default one.
   * @defaultValue `register` of prom-client, which must be installed
   */
  register?: PrometheusRegister;
  /**
   * The `ShardManager` or `Shard` whose shards are counted by state. Set it if the bot is connected already, or if the
   * process has several bots. All other metrics are of all bots of the process.
   * @defaultValue counts the changes of state from now on
   */
  bot?: StatusSource;
}

/** Metrics that are being collected. */
export interface MetricsCollection extends Disposable {
  /** Ends the collection, and removes the metrics from their register. */
  stop(): void;
}

/** A metric as a registry of prom-client asks for it. */
class PrometheusMetric {
  /** A registry may change it. */
  name: string;
  readonly help: string;
  readonly type: MetricDefinition['kind'];
  readonly aggregator = 'sum';
  readonly #metric: MetricName;
  readonly #registry: MetricRegistry;

  constructor(metric: MetricName, registry: MetricRegistry) {
    const { prometheus, help, kind } = METRICS[metric];
    this.name = prometheus;
    this.help = help;
    this.type = kind;
    this.#metric = metric;
    this.#registry = registry;
  }

  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: this.#registry.samples(this.#metric) });
  }

  reset(): void {
    this.#registry.reset(this.#metric);
  }
}

async function defaultRegister(): Promise<PrometheusRegister> {
  // Not a literal, so that a project without prom-client compiles, and a bundler leaves it out.
  const name: string = 'prom-client';
  try {
    const { register } = (await import(name)) as { readonly register: PrometheusRegister };
    return register;
  } catch (cause) {
    throw new Error('collectMetrics() needs prom-client: install it, or pass the option register', { cause });
  }
}

/**
 * Collects metrics of all shards of the process in a registry of prom-client, those of worker threads included. Call it
 * in the main thread before `connect()`. With the option `register` the metrics are there when it returns.
 *
 * Resolves with the collection. Rejects if prom-client is not installed, or if the registry refuses a metric, which it
 * does for a second collection.
 *
 * @example
 * ```ts
 * import { register } from 'prom-client';
 *
 * await collectMetrics({ register });
 * createServer(async (_, response) => response.end(await register.metrics())).listen(9100);
 * ```
 */
export async function collectMetrics({ register, bot }: CollectMetricsOptions = {}): Promise<MetricsCollection> {
  const registry = new MetricRegistry(bot ?? null);
  const stopRecording = recordTelemetry(registry);
  const registered: string[] = [];
  let target = register;
  const stop = (): void => {
    stopRecording();
    for (const name of registered) target?.removeSingleMetric(name);
  };
  try {
    target ??= await defaultRegister();
    for (const metric of Object.keys(METRICS) as MetricName[]) {
      const prometheusMetric = new PrometheusMetric(metric, registry);
      target.registerMetric(prometheusMetric);
      registered.push(prometheusMetric.name);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { stop, [Symbol.dispose]: stop };
}
