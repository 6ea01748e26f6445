/** Computes the layout of a chart: elkjs places the states, bends the arrows around them, and separates the labels. */
import elk from 'elkjs/lib/elk.bundled.js';
import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk.bundled.js';
import type { Arrow, Chart, ChartState, Line } from './chart.ts';
import { FONT, TITLE, textWidth } from './text.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedArrow {
  readonly arrow: Arrow | null;
  readonly points: readonly ElkPoint[];
  readonly label: Box | null;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly states: ReadonlyMap<string, Box>;
  /** The dots at the start of the arrows to the initial states. */
  readonly dots: readonly Box[];
  readonly arrows: readonly PlacedArrow[];
}

export const DOT = 8;
const PADDING = 12;
const HEADER = TITLE.height + 10;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '20',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.spacing.nodeNode': '16',
  'elk.spacing.edgeNode': '10',
  'elk.spacing.edgeEdge': '8',
  'elk.spacing.edgeLabel': '3',
  'elk.spacing.labelLabel': '6',
  'elk.edgeLabels.inline': 'true',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
  'elk.layered.nodePlacement.strategy': 'LINEAR_SEGMENTS',
  'elk.layered.crossingMinimization.strategy': 'LAYER_SWEEP',
  'elk.layered.thoroughness': '80',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
  'elk.layered.compaction.postCompaction.strategy': 'EDGE_LENGTH',
  'elk.layered.cycleBreaking.strategy': 'GREEDY_MODEL_ORDER',
  'elk.randomSeed': '1',
};

const rowsOf = (lines: readonly Line[]): string[] => lines.flatMap(({ rows }) => rows);

const initialOf = (id: string): string => `initial of ${id}`;

function widthOf({ title, inside }: ChartState): number {
  return Math.max(textWidth(title, TITLE), ...rowsOf(inside).map((row) => textWidth(row, FONT))) + 2 * PADDING;
}

const insideHeight = ({ inside }: ChartState): number =>
  inside.length === 0 ? 0 : rowsOf(inside).length * FONT.height + 4;

function nodeOf(state: ChartState): ElkNode {
  if (state.states.length === 0)
    return { id: state.id, width: widthOf(state), height: HEADER + insideHeight(state) + 2 };
  const top = HEADER + insideHeight(state) + 6;
  const dot: ElkNode[] = state.initial === null ? [] : [{ id: initialOf(state.id), width: DOT, height: DOT }];
  return {
    id: state.id,
    children: [...dot, ...state.states.map(nodeOf)],
    layoutOptions: {
      'elk.padding': `[top=${top},left=${PADDING},bottom=${PADDING},right=${PADDING}]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${widthOf(state)},${top + PADDING})`,
    },
  };
}

function initialEdges(state: ChartState): ElkExtendedEdge[] {
  const own =
    state.initial === null
      ? []
      : [{ id: `to ${initialOf(state.id)}`, sources: [initialOf(state.id)], targets: [state.initial] }];
  return [...own, ...state.states.flatMap(initialEdges)];
}

const edgeOf = ({ source, target, lines }: Arrow, index: number): ElkExtendedEdge => ({
  id: String(index),
  sources: [source],
  targets: [target],
  labels: [
    {
      id: `label ${index}`,
      text: 'lines',
      width: Math.max(...rowsOf(lines).map((row) => textWidth(row, FONT))) + 8,
      height: rowsOf(lines).length * FONT.height + 4,
    },
  ],
});

const boxOf = ({
  x = 0,
  y = 0,
  width = 0,
  height = 0,
}: {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
}): Box => ({ x, y, width, height });

function flatten(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}

/** Returns all edges; elk stores them in different nodes. */
const edgesIn = (node: ElkNode): ElkExtendedEdge[] => [
  ...(node.edges ?? []),
  ...(node.children ?? []).flatMap(edgesIn),
];

export async function layoutOf({ root, arrows }: Chart): Promise<Layout> {
  const whole = nodeOf(root);
  const placed = await new elk.default().layout({
    ...whole,
    layoutOptions: { ...OPTIONS, 'elk.padding': `[top=${PADDING},left=${PADDING},bottom=${PADDING},right=${PADDING}]` },
    edges: [...initialEdges(root), ...arrows.map(edgeOf)],
  });
  const nodes = flatten(placed).filter(({ id }) => id !== root.id);
  return {
    width: placed.width ?? 0,
    height: placed.height ?? 0,
    states: new Map(nodes.filter(({ id }) => !id.startsWith('initial of ')).map((node) => [node.id, boxOf(node)])),
    dots: nodes.filter(({ id }) => id.startsWith('initial of ')).map(boxOf),
    arrows: edgesIn(placed).flatMap((edge) =>
      (edge.sections ?? []).map(({ startPoint, bendPoints = [], endPoint }) => ({
        arrow: arrows[Number(edge.id)] ?? null,
        points: [startPoint, ...bendPoints, endPoint],
        label: edge.labels?.[0] === undefined ? null : boxOf(edge.labels[0]),
      })),
    ),
  };
}
