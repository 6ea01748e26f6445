/** Resharding with shards in worker threads: the same tests as without. */
import '../../kit/in-workers.ts';
import '../reshard/reshard.test.ts';
