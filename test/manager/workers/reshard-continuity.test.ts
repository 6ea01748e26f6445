/** More of resharding with shards that live in threads: all that holds without. */
import '../../kit/in-workers.ts';
import '../reshard/reshard-continuity.test.ts';
