/**
 * Keeps the measurements, and shows them in the text format of Prometheus.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import { countStates, statusOf } from './bot-status.ts';
import type { StatusSource } from './bot-status.ts';
import { METRICS } from './metric-table.ts';
import type { Labels, MetricName, MetricOf, MetricSink } from './metric-table.ts';

/** The upper bounds of the buckets of a histogram, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300] as const;

/** One value of a metric. `metricName` is set where it differs from the name of the metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

interface Series {
  readonly labels: Labels;
  value: number;
}

class Histogram {
  readonly #counts = BUCKETS.map(() => 0);
  #sum = 0;
  #count = 0;

  observe(seconds: number): void {
    this.#sum += seconds;
    this.#count += 1;
    for (const [index, bound] of BUCKETS.entries())
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  samples(name: string): Sample[] {
    const bucket = (le: number | string, value: number): Sample => ({
      labels: { le },
      value,
      metricName: `${name}_bucket`,
    });
    return [
      ...BUCKETS.map((bound, index) => bucket(bound, this.#counts[index] ?? 0)),
      bucket('+Inf', this.#count),
      { labels: {}, value: this.#sum, metricName: `${name}_sum` },
      { labels: {}, value: this.#count, metricName: `${name}_count` },
    ];
  }
}

const NAMES = Object.keys(METRICS) as readonly MetricName[];

/** What a report of the bot says better than the messages that came since the registry exists. */
const BOT_SAMPLES: Partial<Record<MetricName, (bot: StatusSource) => Sample[]>> = {
  shards: (bot) => [...countStates(statusOf(bot))].map(([state, value]) => ({ labels: { state }, value })),
  sessionStarts: (bot) => {
    const { budget } = statusOf(bot);
    return budget === null ? [] : [{ labels: {}, value: budget.remaining }];
  },
};

export class MetricRegistry implements MetricSink {
  readonly #bot: StatusSource | null;
  readonly #series = new Map<MetricName, Map<string, Series>>();
  readonly #histograms = new Map<MetricName, Histogram>();

  /** @param bot - whose shards are counted; with `null` their changes of state are, from now on */
  constructor(bot: StatusSource | null) {
    this.#bot = bot;
    for (const name of NAMES) this.reset(name);
  }

  reset(name: MetricName): void {
    this.#series.set(name, new Map());
    if (METRICS[name].kind === 'histogram') this.#histograms.set(name, new Histogram());
  }

  add(metric: MetricOf<'counter'> | 'shards', amount: number, labels: Labels = {}): void {
    this.#seriesOf(metric, labels).value += amount;
  }

  set(metric: 'sessionStarts', value: number): void {
    this.#seriesOf(metric, {}).value = value;
  }

  observe(metric: MetricOf<'histogram'>, ms: number): void {
    this.#histograms.get(metric)?.observe(ms / 1000);
  }

  samples(name: MetricName): Sample[] {
    const histogram = this.#histograms.get(name);
    if (histogram !== undefined) return histogram.samples(METRICS[name].prometheus);
    const ofBot = this.#bot === null ? [] : (BOT_SAMPLES[name]?.(this.#bot) ?? []);
    return ofBot.length > 0 ? ofBot : [...(this.#series.get(name)?.values() ?? [])].map((series) => ({ ...series }));
  }

  /** Returns all metrics as text, a line for each value. */
  toText(): string {
    return NAMES.map((name) => {
      const { prometheus, help, kind } = METRICS[name];
      const lines = this.samples(name).map(({ labels, value, metricName = prometheus }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
        return `${metricName}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
      });
      return `# HELP ${prometheus} ${help}\n# TYPE ${prometheus} ${kind}\n${lines.join('')}`;
    }).join('');
  }

  #seriesOf(metric: MetricName, labels: Labels): Series {
    const ofMetric = this.#series.get(metric) ?? new Map<string, Series>();
    const key = JSON.stringify(labels);
    const series = ofMetric.get(key) ?? { labels, value: 0 };
    ofMetric.set(key, series);
    return series;
  }
}
