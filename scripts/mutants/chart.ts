/**
 * Makes the mutants of a chart: each drops, negates or redirects one transition, guard, action, actor or initial state
 * of a machine's config. It works for any XState config, not only for shards.
 */
import { createMachine, not } from 'xstate';
import type { AnyStateMachine } from 'xstate';

type Named = string | { type: string; params?: unknown };

interface Branch {
  target?: string;
  guard?: unknown;
  actions?: Named | Named[];
  reenter?: boolean;
}

type Transition = string | Branch | (string | Branch)[];

interface Invocation {
  src: string;
}

export interface ChartNode {
  initial?: string;
  entry?: Named | Named[];
  exit?: Named | Named[];
  invoke?: Invocation | Invocation[];
  on?: Record<string, Transition>;
  after?: Record<string, Transition>;
  always?: Transition;
  states?: Record<string, ChartNode>;
}

interface Edit {
  readonly what: string;
  readonly edit: (node: ChartNode) => void;
}

const listOf = <T>(one: T | T[] | undefined): T[] => (one === undefined ? [] : Array.isArray(one) ? one : [one]);
const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);

const branchesOf = (transition: Transition | undefined): Branch[] =>
  listOf(transition).map((branch) => (typeof branch === 'string' ? { target: branch } : branch));

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  const { type, params } = named as { type: string; params?: unknown };
  return ['string', 'boolean'].includes(typeof params) ? `${type}(${String(params)})` : type;
}

/** A target: its sibling states, and how the config writes it. */
interface Target {
  readonly siblings: readonly string[];
  readonly prefix: string;
  readonly key: string;
}

class Chart {
  readonly #root: ChartNode;
  readonly #id: string;

  constructor(id: string, root: ChartNode) {
    this.#id = id;
    this.#root = root;
  }

  edits(): { path: string[]; edit: Edit }[] {
    return this.#visit(this.#root, []);
  }

  #visit(node: ChartNode, path: string[]): { path: string[]; edit: Edit }[] {
    const own = [
      ...this.#start(node),
      ...listed(node, 'entry'),
      ...listed(node, 'exit'),
      ...invocations(node),
      ...this.#transitions(node, path),
    ];
    const children = Object.entries(node.states ?? {}).flatMap(([key, child]) => this.#visit(child, [...path, key]));
    return [...own.map((edit) => ({ path, edit })), ...children];
  }

  #start({ initial, states = {} }: ChartNode): Edit[] {
    const keys = Object.keys(states);
    if (initial === undefined || keys.length < 2) return [];
    const other = after(keys, initial);
    return [{ what: `: start in ${other}`, edit: (node) => void (node.initial = other) }];
  }

  #transitions(node: ChartNode, path: string[]): Edit[] {
    return (['on', 'after', 'always'] as const).flatMap((kind) =>
      kind === 'always'
        ? this.#branches(
            branchesOf(node.always),
            path,
            ' always',
            (target, branches) => void (target.always = branches),
          )
        : Object.entries(node[kind] ?? {}).flatMap(([key, transition]) =>
            this.#branches(branchesOf(transition), path, ` ${kind} ${key}`, (target, branches) => {
              target[kind] = { ...target[kind], [key]: branches };
            }),
          ),
    );
  }

  #branches(
    branches: Branch[],
    path: string[],
    where: string,
    put: (node: ChartNode, branches: Branch[]) => void,
  ): Edit[] {
    return branches.flatMap((branch, index) => {
      const at = `${where}${branches.length > 1 ? ` [${index}]` : ''}`;
      const replaced = (what: string, change: Branch): Edit => ({
        what: `${at}: ${what}`,
        edit: (node) => put(node, branches.toSpliced(index, 1, change)),
      });
      const next = branches[index + 1];
      return [
        { what: `${at}: drop`, edit: (node: ChartNode) => put(node, without(branches, index)) },
        ...this.#targets(branch, path).map(({ what, change }) => replaced(what, change)),
        ...faults(branch).map(({ what, change }) => replaced(what, change)),
        // Behind a branch without a guard it would never run, which equals dropping it.
        ...(next?.guard === undefined || branch.guard === undefined
          ? []
          : [
              {
                what: `${at}: after [${index + 1}]`,
                edit: (node: ChartNode) => put(node, branches.toSpliced(index, 2, next, branch)),
              },
            ]),
      ];
    });
  }

  #targets(branch: Branch, path: string[]): { what: string; change: Branch }[] {
    if (branch.target === undefined) return [];
    const { siblings, prefix, key } = this.#resolve(branch.target, path);
    const other = after(siblings, key);
    const { target: _, ...stay } = branch;
    return [
      { what: `${key} → ${other}`, change: { ...branch, target: `${prefix}${other}` } },
      // Without actions this equals dropping the transition.
      ...(branch.actions === undefined ? [] : [{ what: 'stay', change: stay }]),
    ];
  }

  #resolve(target: string, path: string[]): Target {
    const absolute = target.startsWith('#');
    const parents = absolute ? target.split('.').slice(1, -1) : path.slice(0, -1);
    const key = target.split('.').at(-1) ?? target;
    const siblings = Object.keys(find(this.#root, parents).states ?? {});
    return { siblings, prefix: absolute ? `${['#' + this.#id, ...parents].join('.')}.` : '', key };
  }
}

const after = (keys: readonly string[], key: string): string => keys[(keys.indexOf(key) + 1) % keys.length] ?? key;

function faults(branch: Branch): { what: string; change: Branch }[] {
  const { guard, reenter, ...rest } = branch;
  const actions = listOf(branch.actions);
  const kept = { ...rest, ...(reenter === undefined ? {} : { reenter }) };
  return [
    ...(guard === undefined
      ? []
      : [
          { what: `drop guard ${nameOf(guard)}`, change: kept },
          { what: `negate guard ${nameOf(guard)}`, change: { ...branch, guard: not(guard as never) } },
        ]),
    ...(reenter === undefined ? [] : [{ what: 'drop reenter', change: { ...rest, guard } }]),
    ...actions.map((action, index) => ({
      what: `drop action ${nameOf(action)}`,
      change: { ...branch, actions: without(actions, index) },
    })),
    ...actions.flatMap((action, index) =>
      flipped(action).map((other) => ({
        what: `${nameOf(action)} → ${nameOf(other)}`,
        change: { ...branch, actions: actions.toSpliced(index, 1, other) },
      })),
    ),
  ];
}

/** Returns an action with its boolean parameter negated. */
const flipped = (action: Named): Named[] =>
  typeof action === 'object' && typeof action.params === 'boolean' ? [{ ...action, params: !action.params }] : [];

function listed(node: ChartNode, kind: 'entry' | 'exit'): Edit[] {
  const actions = listOf(node[kind]);
  return actions.flatMap((action, index) => [
    {
      what: ` ${kind}: drop ${nameOf(action)}`,
      edit: (target: ChartNode) => void (target[kind] = without(actions, index)),
    },
    ...flipped(action).map((other) => ({
      what: ` ${kind}: ${nameOf(action)} → ${nameOf(other)}`,
      edit: (target: ChartNode) => void (target[kind] = actions.toSpliced(index, 1, other)),
    })),
  ]);
}

function invocations(node: ChartNode): Edit[] {
  const all = listOf(node.invoke);
  return all.map(({ src }, index) => ({
    what: `: drop invoke ${src}`,
    edit: (target) => void (target.invoke = without(all, index)),
  }));
}

function find(root: ChartNode, path: readonly string[]): ChartNode {
  return path.reduce((node, key) => {
    const child = node.states?.[key];
    if (child === undefined) throw new Error(`no state ${path.join('.')}`);
    return child;
  }, root);
}

/** Returns an edited copy; the original does not change. */
function edited(node: ChartNode, [key, ...rest]: readonly string[], edit: (node: ChartNode) => void): ChartNode {
  const copy = { ...node };
  if (key === undefined) edit(copy);
  else copy.states = { ...node.states, [key]: edited(find(node, [key]), rest, edit) };
  return copy;
}

/** Returns all mutants of a machine's chart. A mutated machine keeps its actions, guards, delays and actors. */
export function chartMutants(
  machine: AnyStateMachine,
): { id: string; apply: (original: AnyStateMachine) => AnyStateMachine }[] {
  const { id } = machine;
  return new Chart(id, machine.config as ChartNode).edits().map(({ path, edit }) => ({
    id: `${[id, ...path].join('.')}${edit.what}`,
    apply: (original) =>
      createMachine(
        edited(original.config as ChartNode, path, edit.edit) as never,
        original.implementations as never,
      ) as AnyStateMachine,
  }));
}
