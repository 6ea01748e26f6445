import { register } from 'prom-client';
import { collectMetrics } from '../../src/metrics/prometheus.ts';

await collectMetrics({ register });
