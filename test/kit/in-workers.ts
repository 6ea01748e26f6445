/** Imported before a suite of the manager's: its shards live in two threads. */
import { placement } from './live-manager.ts';

placement.workers = 2;
