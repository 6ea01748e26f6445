/** A hundred shards in worker threads: the same tests as without. */
import '../../kit/in-workers.ts';
import '../many-shards.test.ts';
