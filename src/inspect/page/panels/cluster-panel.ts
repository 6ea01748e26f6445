/** Above the grid of a cluster: whether the engine is reachable, and how far the groups of consumers have come. */
import type { ClusterSummary, GroupSummary, ManagerSummary } from '../../messages.ts';
import { byId, element, setText } from '../shell/dom.ts';
import { formatCount, formatNumber } from '../model/format.ts';

interface GroupRow {
  readonly item: HTMLElement;
  readonly name: HTMLElement;
  readonly progress: HTMLElement;
  readonly dead: HTMLElement;
}

const engineText = ({ engine, isReachable, nodes }: ClusterSummary): string =>
  isReachable
    ? `${engine} is reachable, ${formatCount(nodes.length, 'node')}`
    : `${engine} is not reachable: the nodes are shown as they were seen last`;

const progressText = ({ lag, pending }: GroupSummary): string =>
  `${formatNumber(lag)} not delivered, ${formatNumber(pending)} not acknowledged`;

export class ClusterPanel {
  readonly #container = byId('cluster', HTMLElement);
  readonly #engine = byId('cluster-engine', HTMLElement);
  readonly #list = byId('cluster-groups', HTMLElement);
  #rows: GroupRow[] = [];

  draw(managers: readonly ManagerSummary[]): void {
    const clusters = managers.flatMap(({ cluster }) => cluster ?? []);
    // Of several nodes in this process, one that reaches the engine knows more.
    const cluster = clusters.find(({ isReachable }) => isReachable) ?? clusters[0];
    this.#container.hidden = cluster === undefined;
    if (cluster === undefined) return;
    this.#engine.dataset['reach'] = cluster.isReachable ? 'near' : 'away';
    setText(this.#engine, engineText(cluster));
    if (cluster.groups.length !== this.#rows.length) this.#rebuild(cluster.groups.length);
    for (const [index, group] of cluster.groups.entries()) {
      const row = this.#rows[index];
      if (row === undefined) continue;
      setText(row.name, group.group);
      setText(row.progress, progressText(group));
      setText(row.dead, formatCount(group.deadLetters, 'dead letter'));
      row.dead.classList.toggle('dead', group.deadLetters > 0);
    }
  }

  #rebuild(count: number): void {
    this.#rows = Array.from({ length: count }, () => {
      const [name, progress, dead] = [element('b'), element('span'), element('span')];
      return { item: element('li', '', name, ' ', progress, ', ', dead), name, progress, dead };
    });
    this.#list.replaceChildren(...this.#rows.map(({ item }) => item));
    this.#list.hidden = count === 0;
  }
}
