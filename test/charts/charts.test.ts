/** The drawn charts: up to date, complete, and readable. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { shardMachine } from '../../machines/index.ts';
import { chartOf } from '../../scripts/charts/chart.ts';
import type { ChartState } from '../../scripts/charts/chart.ts';
import { draw, fileOf } from '../../scripts/charts/draw.ts';
import { layoutOf } from '../../scripts/charts/layout.ts';
import type { Box } from '../../scripts/charts/layout.ts';
import { MACHINES } from '../../scripts/charts/machines.ts';
import { transitionsOf } from '../../machines/transitions.ts';

const MACHINES_BY_ID = MACHINES.map((drawn) => [drawn.machine.id, drawn] as const);

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const inside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const leaves = (state: ChartState): ChartState[] =>
  state.states.length === 0 ? [state] : state.states.flatMap(leaves);

const idsBelow = (node: AnyStateNode): string[] =>
  Object.values(node.states).flatMap((child) => [child.id, ...idsBelow(child)]);

const attributes = (svg: string, name: string): string[] =>
  [...svg.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value]) => value!);

describe.each(MACHINES_BY_ID)('the drawn chart of %s', (_, drawn) => {
  test('is up to date with the machine (`npm run charts` draws it)', async () => {
    expect(await readFile(fileOf(drawn), 'utf8')).toBe(await draw(drawn));
  });

  test('shows every state and every transition once, with the id that coverage and the inspector use', async () => {
    const svg = await draw(drawn);

    expect(attributes(svg, 'data-state').toSorted()).toEqual(idsBelow(drawn.machine.root).toSorted());
    expect(attributes(svg, 'data-transition').toSorted()).toEqual(
      transitionsOf(drawn.machine)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  test('has no label that overlaps another label or a state', async () => {
    const chart = chartOf(drawn.machine, drawn.options);
    const { arrows, states } = await layoutOf(chart);
    const labels = arrows.flatMap(({ arrow, label }) =>
      arrow === null || label === null ? [] : [{ name: `${arrow.source} → ${arrow.target}`, box: label }],
    );
    const boxes = leaves(chart.root).map(({ id }) => ({ name: id, box: states.get(id)! }));

    const overlaps = labels.flatMap((label, index) =>
      [...labels.slice(index + 1), ...boxes]
        .filter(({ box }) => overlap(label.box, box))
        .map(({ name }) => `${label.name} over ${name}`),
    );

    expect(overlaps).toEqual([]);
  });

  test('draws every state within the state around it', async () => {
    const chart = chartOf(drawn.machine, drawn.options);
    const { states, width, height } = await layoutOf(chart);
    const sheet: Box = { x: 0, y: 0, width, height };
    const misfits = (state: ChartState, around: Box): string[] => {
      const box = states.get(state.id) ?? sheet;
      return [...(inside(box, around) ? [] : [state.id]), ...state.states.flatMap((child) => misfits(child, box))];
    };

    expect(misfits(chart.root, sheet)).toEqual([]);
  });
});

test('the drawn chart of a shard is narrow enough for a README', async () => {
  const drawn = MACHINES.find(({ machine }) => machine === shardMachine)!;
  const { width } = await layoutOf(chartOf(drawn.machine, drawn.options));

  expect(width).toBeLessThanOrEqual(1_100);
});

test('the drawn chart of a shard shows the fatal close codes on their arrow, with ranges joined', async () => {
  const drawn = MACHINES.find(({ machine }) => machine === shardMachine)!;

  expect(drawn.options.notes).toEqual({ isFatal: '4004, 4010–4014' });
  expect(await draw(drawn)).toContain('>4004, 4010–4014<');
});
