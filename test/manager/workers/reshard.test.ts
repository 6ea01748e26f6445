/** Resharding with shards that live in threads: all that holds without. */
import '../../kit/in-workers.ts';
import '../reshard/reshard.test.ts';
