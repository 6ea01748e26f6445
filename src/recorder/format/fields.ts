/**
 * How one field of a record is read. A recording is not trusted: it may come from anybody who reports a problem. A
 * reader returns `undefined` for a value that is not of its kind, and the record is then left out.
 */
import { fieldsOf, isCount, isObject } from '../../protocol/validation.ts';
import { printable } from '../../protocol/printable.ts';

/** Reads one field. */
export interface Field<Value> {
  /** Returns `undefined` if the value is not valid. A missing field is `undefined`. */
  read(value: unknown): Value | undefined;
}

/** The fields of a record or of an object in it, by name. */
export type FieldTable = Readonly<Record<string, Field<unknown>>>;

/** The object that a table of fields reads. */
export type ValuesOf<Table extends FieldTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Field<infer Value> ? Value : never;
};

/** The longest text in a record. */
export const MAX_TEXT_LENGTH = 500;
/** A header lists the shards of the process. */
const MAX_LIST_LENGTH = 100_000;
/** Discord has about a hundred kinds of dispatches. */
const MAX_NAMES = 1_000;

/** A finite number. */
export const number: Field<number> = {
  read: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
};

/** An integer, 0 or more. */
export const count: Field<number> = { read: (value) => (isCount(value) ? value : undefined) };

/** A boolean. */
export const flag: Field<boolean> = { read: (value) => (typeof value === 'boolean' ? value : undefined) };

/** A text of at most {@link MAX_TEXT_LENGTH} characters. Control characters are escaped. */
export const text: Field<string> = {
  read: (value) => (typeof value === 'string' ? printable(value.slice(0, MAX_TEXT_LENGTH)) : undefined),
};

/** One of the given words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): Field<Word> => ({
  read: (value) => words.find((word) => word === value),
});

/** A field that may be missing or `null`; it is then read as `null`. */
export const nullable = <Value>(field: Field<Value>): Field<Value | null> => ({
  read: (value) => (value === undefined || value === null ? null : field.read(value)),
});

/** An array. It is not valid if one of its items is not. */
export const list = <Value>(item: Field<Value>): Field<readonly Value[]> => ({
  read: (value) => {
    if (!Array.isArray(value) || value.length > MAX_LIST_LENGTH) return undefined;
    const items: Value[] = [];
    for (const entry of value as readonly unknown[]) {
      const read = item.read(entry);
      if (read === undefined) return undefined;
      items.push(read);
    }
    return items;
  },
});

/** An object with these fields. Fields it has beside them are left out. */
export const object = <Table extends FieldTable>(table: Table): Field<ValuesOf<Table>> => ({
  read: (value) => (isObject(value) ? readFields(table, value) : undefined),
});

/** An object whose values are all of one kind, by names that are not known before. */
export const byName = <Value>(item: Field<Value>): Field<ReadonlyMap<string, Value>> => ({
  read: (value) => {
    const entries = isObject(value) ? Object.entries(value) : [];
    if (!isObject(value) || entries.length > MAX_NAMES) return undefined;
    const values = new Map<string, Value>();
    for (const [key, entry] of entries) {
      const name = text.read(key);
      const read = item.read(entry);
      if (name === undefined || read === undefined) return undefined;
      values.set(name, read);
    }
    return values;
  },
});

/** Returns the fields of a table, or `undefined` if one of them is not valid. */
export function readFields<Table extends FieldTable>(table: Table, value: unknown): ValuesOf<Table> | undefined {
  const fields = fieldsOf(value);
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(table)) {
    const read = field.read(Object.hasOwn(fields, name) ? fields[name] : undefined);
    if (read === undefined) return undefined;
    values[name] = read;
  }
  return values as ValuesOf<Table>;
}
