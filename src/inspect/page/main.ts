/** Starts the page: creates the state, the views and the connection to the inspector, and wires them. */
import { Chart } from './chart/chart.ts';
import { ChartFold } from './chart/chart-fold.ts';
import { byId } from './shell/dom.ts';
import { DetailsPanel } from './panels/details-panel.ts';
import { RecordingFiles } from './shell/recording-files.ts';
import { FrameLoop } from './shell/frame-loop.ts';
import { FreezeBar } from './panels/freeze-bar.ts';
import { Grid } from './grid/grid.ts';
import { LatencyPlot } from './timeline/latency-plot.ts';
import { LiveConnection } from './shell/live-connection.ts';
import { Log } from './log/log.ts';
import { Overview } from './panels/overview.ts';
import { PageState } from './model/page-state.ts';
import { RatePlot } from './timeline/rate-plot.ts';
import { Scrubber } from './scrubber/scrubber.ts';
import { Shortcuts } from './shell/shortcuts.ts';
import { TimeRange } from './timeline/time-range.ts';
import { Theme } from './shell/theme.ts';
import { Timeline } from './timeline/timeline.ts';

const PAGE_ROWS = 10;

const loop = new FrameLoop();
const pageState = new PageState(loop);
const theme = new Theme(() => loop.notify('theme'));
const timeRange = new TimeRange(() => loop.notify('history'));
const recordingFiles = new RecordingFiles(pageState);
const log = new Log(pageState, loop);
const freezeBar = new FreezeBar(pageState);
const chartFold = new ChartFold();
const liveConnection = new LiveConnection(`ws://${location.host}/live`, {
  onMessage: (message, pageMs) => pageState.applyMessage(message, pageMs),
  onStatus: (status) => pageState.setConnection(status),
});
pageState.onSelect = (shard) => liveConnection.send({ type: 'select', shard });
const scrubber = new Scrubber(pageState, theme, {
  seek: (at) => liveConnection.send({ type: 'seek', at }),
  redraw: () => loop.notify('history'),
  showError: (message) => recordingFiles.showError(message),
});

loop.add(
  new Overview(pageState),
  new Grid(pageState, theme, () => loop.notify('shards')),
  new Chart(pageState, (message) => recordingFiles.showError(message)),
  new DetailsPanel(pageState),
  new Timeline(pageState, theme, timeRange),
  new LatencyPlot(pageState, theme, timeRange),
  new RatePlot(pageState, theme, timeRange),
  log,
  freezeBar,
  scrubber,
);

/** While the chart has the focus, the arrow keys pan it. */
const unlessInChart = (action: () => void) => (): void => {
  if (document.activeElement?.id !== 'chart-viewport') action();
};

const shortcuts = new Shortcuts([
  {
    keys: ['j', 'ArrowDown'],
    label: 'j ↓',
    description: 'next log entry (a frozen chart follows)',
    run: unlessInChart(() => log.move(1)),
  },
  { keys: ['k', 'ArrowUp'], label: 'k ↑', description: 'previous log entry', run: unlessInChart(() => log.move(-1)) },
  { keys: ['PageDown'], label: 'PgDn', description: 'ten entries down', run: unlessInChart(() => log.move(PAGE_ROWS)) },
  { keys: ['PageUp'], label: 'PgUp', description: 'ten entries up', run: unlessInChart(() => log.move(-PAGE_ROWS)) },
  {
    keys: ['Enter'],
    label: 'Enter',
    description: 'freeze at the log entry, or select the shard',
    run: () => log.chooseCursor(),
  },
  { keys: ['Escape'], label: 'Esc', description: 'back to live', run: () => freezeBar.back() },
  { keys: [' '], label: 'Space', description: 'pause or continue the log', run: () => log.togglePause() },
  { keys: ['/'], label: '/', description: 'filter the log', run: () => log.focusFilter() },
  {
    keys: ['g'],
    label: 'g',
    description: 'go to the shards: arrows move, Enter selects',
    run: () => byId('grid', HTMLCanvasElement).focus(),
  },
  {
    keys: ['c'],
    label: 'c',
    description: 'go to the chart: arrows pan, + − 0 zoom',
    run: () => {
      chartFold.open();
      byId('chart-viewport', HTMLElement).focus();
    },
  },
  { keys: ['['], label: '[', description: 'the incident before, in a recording', run: () => scrubber.goToIncident(-1) },
  { keys: [']'], label: ']', description: 'the next incident, in a recording', run: () => scrubber.goToIncident(1) },
  { keys: ['l'], label: 'l', description: 'go to the log', run: () => log.focusList() },
]);

shortcuts.listen();
liveConnection.connect();
loop.start();
