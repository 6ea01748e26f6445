/** The life of a manager whose shards live in threads: all that holds without. */
import '../../kit/in-workers.ts';
import '../shard-manager.test.ts';
