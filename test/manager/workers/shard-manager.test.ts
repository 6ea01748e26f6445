/** A manager with its shards in worker threads: the same tests as without. */
import '../../kit/in-workers.ts';
import '../shard-manager.test.ts';
