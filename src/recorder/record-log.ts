/** How the parts of the recorder write a record. */
import type { RecordFields, RecordKind } from './format/index.ts';

/** Writes one record of now. `shard` is `null` if it concerns the process or the manager. */
export type WriteRecord = <Kind extends RecordKind>(
  kind: Kind,
  shard: number | null,
  fields: RecordFields<Kind>,
) => void;
