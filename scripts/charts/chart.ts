/**
 * Turns a machine into the contents of a chart: states, and one arrow for all transitions between the same two states.
 * A transition that stays in its state becomes a line inside that state.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { transitionId } from '../../machines/transitions.ts';

/** The label of one transition, in one or more rows. */
export interface Line {
  readonly id: string;
  readonly rows: readonly string[];
}

export interface ChartState {
  readonly id: string;
  readonly title: string;
  /** `fork`: a state that is left at once. `region`: a child of a parallel state. */
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'region' | 'fork';
  readonly initial: string | null;
  readonly inside: readonly Line[];
  readonly states: readonly ChartState[];
}

export interface Arrow {
  readonly source: string;
  readonly target: string;
  readonly lines: readonly Line[];
}

export interface Chart {
  readonly id: string;
  readonly root: ChartState;
  readonly arrows: readonly Arrow[];
}

/** What the chart of a machine shows besides the machine. */
export interface ChartOptions {
  /** The text behind a guard, by its name, such as the close codes it stands for. */
  readonly notes: Readonly<Record<string, string>>;
  /** Events that occur in nearly every state. They become lines inside states, because their arrows would hide others. */
  readonly inlineEvents: ReadonlySet<string>;
}

const guardName = (guard: AnyTransitionDefinition['guard']): string | null => {
  if (guard === undefined) return null;
  if (typeof guard === 'string') return guard;
  return 'type' in guard && typeof guard.type === 'string' ? guard.type : 'condition';
};

/** Returns `after NAME` for `xstate.after.NAME.STATE`, and `always` for the empty name of an eventless transition. */
export function eventName(source: AnyStateNode, eventType: string): string {
  if (eventType === '') return 'always';
  const prefix = 'xstate.after.';
  if (!eventType.startsWith(prefix)) return eventType;
  return `after ${eventType.slice(prefix.length, -source.id.length - 1)}`;
}

function transitionsOf(state: AnyStateNode): AnyTransitionDefinition[] {
  return [...state.transitions.values()].flat().concat(state.always ?? []);
}

/** A longer row breaks before a guard or a target, because labels decide the width of the chart. */
const ROW_LENGTH = 25;

function lineOf(transition: AnyTransitionDefinition, { notes }: ChartOptions, suffix = ''): Line {
  const guard = guardName(transition.guard);
  const condition = guard === null ? '' : `[${guard}]`;
  const texts = [
    eventName(transition.source, transition.eventType),
    condition,
    (guard === null ? undefined : notes[guard]) ?? '',
    suffix,
  ];
  const rows: string[] = [];
  for (const part of texts.filter((text) => text !== '')) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= ROW_LENGTH) rows[rows.length - 1] = `${last} ${part}`;
    else rows.push(last === undefined ? part : `  ${part}`);
  }
  return { id: transitionId(transition) ?? '', rows };
}

const isFork = (state: AnyStateNode): boolean =>
  state.type === 'atomic' && state.transitions.size === 0 && (state.always ?? []).length > 0;

function kindOf(state: AnyStateNode): ChartState['kind'] {
  if (state.parent?.type === 'parallel') return 'region';
  if (isFork(state)) return 'fork';
  return state.type === 'parallel' || state.type === 'compound' ? state.type : 'atomic';
}

const staysInside = ({ target, source }: AnyTransitionDefinition): boolean =>
  target === undefined || target.every((state) => state === source);

const keyOf = (source: AnyStateNode, target: AnyStateNode): string => `${source.id} → ${target.id}`;

/** Returns the transitions that become arrows; the others become lines inside their state. */
class Drawing {
  readonly #options: ChartOptions;
  readonly #arrowKeys = new Set<string>();

  constructor(root: AnyStateNode, options: ChartOptions) {
    this.#options = options;
    const visit = (state: AnyStateNode): void => {
      for (const transition of transitionsOf(state)) {
        if (options.inlineEvents.has(transition.eventType)) continue;
        for (const target of transition.target ?? []) this.#arrowKeys.add(keyOf(state, target));
      }
      for (const child of Object.values(state.states)) visit(child);
    };
    visit(root);
  }

  lines(state: AnyStateNode): Line[] {
    return transitionsOf(state)
      .filter((transition) => !this.#isArrow(transition))
      .map((transition) => lineOf(transition, this.#options, suffixOf(transition)));
  }

  arrows(state: AnyStateNode): Arrow[] {
    const arrows = new Map<string, { source: string; target: string; lines: Line[] }>();
    for (const transition of transitionsOf(state).filter((candidate) => this.#isArrow(candidate))) {
      for (const { id: target } of transition.target ?? []) {
        const arrow = arrows.get(target) ?? { source: state.id, target, lines: [] };
        arrow.lines.push(lineOf(transition, this.#options));
        arrows.set(target, arrow);
      }
    }
    return [...arrows.values(), ...Object.values(state.states).flatMap((child) => this.arrows(child))];
  }

  #isArrow(transition: AnyTransitionDefinition): boolean {
    const { source, target = [] } = transition;
    if (staysInside(transition)) return false;
    if (!target.some((state) => this.#arrowKeys.has(keyOf(source, state)))) return false;
    // If an arrow from a parent state already leads there, a second one would only cross the chart.
    for (let outer = source.parent; outer !== undefined; outer = outer.parent) {
      const from = outer;
      if (target.every((state) => this.#arrowKeys.has(keyOf(from, state)))) return false;
    }
    return true;
  }
}

function suffixOf(transition: AnyTransitionDefinition): string {
  if (transition.target === undefined) return '';
  return staysInside(transition) ? '↻' : `→ ${transition.target.map(({ key }) => key).join(', ')}`;
}

function stateOf(state: AnyStateNode, drawing: Drawing): ChartState {
  return {
    id: state.id,
    title: state.key,
    kind: kindOf(state),
    initial: state.type === 'compound' ? (state.initial.target[0]?.id ?? null) : null,
    inside: drawing.lines(state),
    states: Object.values(state.states).map((child) => stateOf(child, drawing)),
  };
}

const PLAIN: ChartOptions = { notes: {}, inlineEvents: new Set() };

export function chartOf(machine: AnyStateMachine, options: ChartOptions = PLAIN): Chart {
  const drawing = new Drawing(machine.root, options);
  return { id: machine.id, root: stateOf(machine.root, drawing), arrows: drawing.arrows(machine.root) };
}
