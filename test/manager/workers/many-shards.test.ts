/** A hundred shards with shards that live in threads: all that holds without. */
import '../../kit/in-workers.ts';
import '../many-shards.test.ts';
