/** Reads a heap snapshot of V8, and returns the number and size of its objects by kind. */
import { readFileSync } from 'node:fs';

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

export interface Kind {
  readonly count: number;
  readonly bytes: number;
}

/** The types whose objects are named by their content, so that the name is no kind. */
const NAMELESS = /string|number|symbol|regexp|bigint/;
/** Compiled code, and V8's data for compiling it. */
const CODE = /^code|^object shape|instruction stream|Feedback|ScopeInfo|SharedFunctionInfo|Bytecode/;

export function kindsIn(file: string): Map<string, Kind> {
  const {
    snapshot: { meta },
    nodes,
    strings,
  } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  const [types] = meta.node_types;
  const at = (field: string): number => meta.node_fields.indexOf(field);
  const [type, name, size, stride] = [at('type'), at('name'), at('self_size'), meta.node_fields.length];
  const kinds = new Map<string, Kind>();
  for (let node = 0; node < nodes.length; node += stride) {
    const kind = kindOf(types[nodes[node + type] ?? 0] ?? '', strings[nodes[node + name] ?? 0] ?? '');
    const { count, bytes } = kinds.get(kind) ?? { count: 0, bytes: 0 };
    kinds.set(kind, { count: count + 1, bytes: bytes + (nodes[node + size] ?? 0) });
  }
  return kinds;
}

function kindOf(type: string, name: string): string {
  const kind = NAMELESS.test(type) ? type : `${type} ${name}`.trim();
  return CODE.test(kind) ? 'code' : kind;
}
