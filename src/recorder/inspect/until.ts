/** Finds rows of a recording by time. Rows are in the order of time. */
interface Timed {
  readonly at: number;
}

/** A ring buffer, as far as it is read. */
interface Rows<Row> {
  readonly length: number;
  at(index: number): Row | undefined;
}

/** Returns how many rows there are until a time, which is part of it. */
export function countUntil(rows: Rows<Timed>, at: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows.at(middle)?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the newest row until a time. */
export function lastUntil<Row extends Timed>(rows: Rows<Row>, at: number): Row | null {
  const count = countUntil(rows, at);
  return count === 0 ? null : (rows.at(count - 1) ?? null);
}

/** Returns the newest rows until a time, oldest first. */
export function newestUntil<Row extends Timed>(rows: Rows<Row>, at: number, max: number): Row[] {
  const count = countUntil(rows, at);
  const found: Row[] = [];
  for (let index = Math.max(0, count - max); index < count; index += 1) {
    const row = rows.at(index);
    if (row !== undefined) found.push(row);
  }
  return found;
}
