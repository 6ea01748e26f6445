import { metrics } from '@opentelemetry/api';
import { instrument } from '../../src/metrics/opentelemetry.ts';

await instrument({ meter: metrics.getMeter('bot') });
