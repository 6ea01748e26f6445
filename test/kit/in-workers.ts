/** Imported before a suite of the manager's: its shards live in two threads. */
import { defaultPlacement } from './live-manager.ts';

defaultPlacement.workers = 2;
