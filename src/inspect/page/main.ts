/** Puts the page together. */
import { Chart } from './chart.ts';
import { byId } from './dom.ts';
import { Facts } from './facts.ts';
import { Files } from './files.ts';
import { FrameLoop } from './frame-loop.ts';
import { FreezeBar } from './freeze-bar.ts';
import { Grid } from './grid.ts';
import { Latency } from './latency.ts';
import { Live } from './live.ts';
import { Log } from './log.ts';
import { Overview } from './overview.ts';
import { Session } from './session.ts';
import { Shortcuts } from './shortcuts.ts';
import { Span } from './span.ts';
import { Theme } from './theme.ts';
import { Timeline } from './timeline.ts';

const PAGE_ROWS = 10;

const loop = new FrameLoop();
const session = new Session(loop);
const theme = new Theme(() => loop.touch('theme'));
const span = new Span(() => loop.touch('history'));
const files = new Files(session);
const log = new Log(session, loop);
const bar = new FreezeBar(session);
const live = new Live(`ws://${location.host}/live`, {
  message: (message, pageMs) => session.take(message, pageMs),
  link: (link) => session.linked(link),
});
session.onSelect = (shard) => live.send({ type: 'select', shard });

loop.add(
  new Overview(session),
  new Grid(session, theme, () => loop.touch('shards')),
  new Chart(session, (message) => files.say(message)),
  new Facts(session),
  new Timeline(session, theme, span),
  new Latency(session, theme, span),
  log,
  bar,
);

/** The arrow keys belong to the grid and the chart while these have the focus. */
const inLog = (act: () => void) => (): void => {
  if (document.activeElement?.id !== 'chart-viewport') act();
};

const shortcuts = new Shortcuts([
  { keys: ['j', 'ArrowDown'], label: 'j ↓', does: 'next entry of the log; a frozen chart goes along', act: inLog(() => log.move(1)) },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', does: 'entry before', act: inLog(() => log.move(-1)) },
  { keys: ['PageDown'], label: 'PgDn', does: 'ten entries on', act: inLog(() => log.move(PAGE_ROWS)) },
  { keys: ['PageUp'], label: 'PgUp', does: 'ten entries back', act: inLog(() => log.move(-PAGE_ROWS)) },
  { keys: ['Enter'], label: 'Enter', does: 'freeze at the entry, or select the shard', act: () => log.chooseCursor() },
  { keys: ['Escape'], label: 'Esc', does: 'back to live', act: () => bar.back() },
  { keys: [' '], label: 'Space', does: 'pause the log, or let it run', act: () => log.togglePause() },
  { keys: ['/'], label: '/', does: 'filter the log', act: () => log.focusFilter() },
  { keys: ['g'], label: 'g', does: 'to the grid of shards; arrows move, Enter selects', act: () => byId('grid', HTMLCanvasElement).focus() },
  { keys: ['c'], label: 'c', does: 'to the chart; arrows pan, + − 0 zoom', act: () => byId('chart-viewport', HTMLElement).focus() },
  { keys: ['l'], label: 'l', does: 'to the log', act: () => log.focusList() },
]);

shortcuts.listen();
live.connect();
loop.start();
