/** Prints the metrics of a bot that Prometheus would read, as JSON. */
import { register } from 'prom-client';
import './prom-client.ts';
import { runBot } from './bot.ts';

await runBot(async () => void process.stdout.write(JSON.stringify(await register.getMetricsAsJSON())));
