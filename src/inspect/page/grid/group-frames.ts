/** The frames around the cells of each node, with its name and what is known of it. */
import { byId, element, setText } from '../shell/dom.ts';
import { formatCount } from '../model/format.ts';
import type { CellGroup } from './cell-groups.ts';
import type { Box } from './cell-layout.ts';

interface FrameNode {
  readonly item: HTMLElement;
  readonly name: HTMLElement;
  readonly facts: HTMLElement;
}

const factsOf = ({ node, facts, cells }: CellGroup): string => {
  const count = node === null && cells.length === 0 ? 'none' : formatCount(cells.length, 'shard');
  return [count, ...facts].join(' · ');
};

export class GroupFrames {
  readonly #container = byId('cluster-nodes', HTMLElement);
  #nodes: FrameNode[] = [];

  draw(groups: readonly CellGroup[], boxes: readonly Box[], isCluster: boolean): void {
    this.#container.hidden = groups.length === 0;
    this.#container.ariaLabel = isCluster ? 'Nodes of the cluster' : 'Worker threads';
    if (groups.length !== this.#nodes.length) this.#rebuild(groups.length);
    for (const [index, group] of groups.entries()) {
      const frame = this.#nodes[index];
      const box = boxes[index];
      if (frame === undefined || box === undefined) continue;
      setText(frame.name, group.node ?? 'on no node');
      setText(frame.facts, factsOf(group));
      frame.item.classList.toggle('self', group.facts.includes('this node'));
      frame.item.classList.toggle('away', group.facts.includes('away'));
      frame.item.classList.toggle('unowned', group.node === null);
      for (const side of ['left', 'top', 'width', 'height'] as const)
        frame.item.style.setProperty(side, `${box[SIDES[side]]}px`);
    }
  }

  #rebuild(count: number): void {
    this.#nodes = Array.from({ length: count }, () => {
      const [name, facts] = [element('b'), element('span')];
      return { item: element('li', '', name, facts), name, facts };
    });
    this.#container.replaceChildren(...this.#nodes.map(({ item }) => item));
  }
}

const SIDES = { left: 'x', top: 'y', width: 'width', height: 'height' } as const;
