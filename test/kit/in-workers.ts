/** Imported before tests of the manager, so that their shards run in two worker threads. */
import { defaultPlacement } from './live-manager.ts';

defaultPlacement.workers = 2;
