/** Prints the metrics of a bot that an OpenTelemetry collector would receive, as JSON. */
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { runBot } from './bot.ts';

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const provider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })],
});
metrics.setGlobalMeterProvider(provider);
// The module reads its meters from the provider when it is loaded.
await import('./opentelemetry.ts');

await runBot(async () => {
  await provider.forceFlush();
  const exported =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  process.stdout.write(
    JSON.stringify(exported.map(({ descriptor, dataPoints }) => ({ name: descriptor.name, dataPoints }))),
  );
});
await provider.shutdown();
