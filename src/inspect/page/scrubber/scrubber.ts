/** Moves the page through the time of a recording, from incident to incident, and saves a stretch of it. */
import type { RecordedIncident } from '../../messages.ts';
import { clockTimeMs, formatCount, formatDuration } from '../model/format.ts';
import type { PageState } from '../model/page-state.ts';
import { CanvasSurface } from '../shell/canvas-surface.ts';
import { byId, element, setText } from '../shell/dom.ts';
import type { View } from '../shell/frame-loop.ts';
import type { Theme } from '../shell/theme.ts';
import { SeekQueue } from './seek-queue.ts';
import { StretchFile } from './stretch-file.ts';
import { drawTrack } from './track.ts';

export interface ScrubberActions {
  readonly seek: (at: number) => void;
  readonly redraw: () => void;
  readonly showError: (message: string) => void;
}

/** The keys of the slider, as parts of the recording. The browser's own step would be 1 ms. */
const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1 / 500,
  ArrowDown: -1 / 500,
  ArrowRight: 1 / 500,
  ArrowUp: 1 / 500,
  PageDown: -1 / 20,
  PageUp: 1 / 20,
};

const shardsText = ({ shards }: RecordedIncident): string =>
  shards.length === 0
    ? 'the process'
    : shards.length === 1
      ? `shard ${shards[0]}`
      : formatCount(shards.length, 'shard');

const incidentText = (incident: RecordedIncident): string =>
  `#${incident.number} ${incident.title} (${shardsText(incident)}, ${formatDuration(incident.endAt - incident.startAt)}). ${incident.what} ${incident.did} ${incident.lost} ${incident.advice}`;

/** Within one ms, the states have changed too. */
const beginOf = ({ startAt }: RecordedIncident): number => Math.ceil(startAt);

export class Scrubber implements View {
  readonly topics = ['history', 'selection'] as const;
  readonly #pageState: PageState;
  readonly #theme: Theme;
  readonly #redraw: () => void;
  readonly #queue: SeekQueue;
  readonly #stretch: StretchFile;
  readonly #panel = byId('scrubber', HTMLElement);
  readonly #slider = byId('scrubber-slider', HTMLInputElement);
  readonly #time = byId('scrubber-time', HTMLElement);
  readonly #incident = byId('scrubber-incident', HTMLElement);
  readonly #problems = byId('scrubber-problems', HTMLElement);
  readonly #surface: CanvasSurface;
  /** The incident that the user went to, which counts while the time is the same. */
  #chosen: RecordedIncident | null = null;

  constructor(pageState: PageState, theme: Theme, { seek, redraw, showError }: ScrubberActions) {
    this.#pageState = pageState;
    this.#theme = theme;
    this.#redraw = redraw;
    this.#queue = new SeekQueue(seek);
    this.#stretch = new StretchFile(() => this.#queue.at ?? 0, { redraw, showError });
    const track = byId('scrubber-track', HTMLCanvasElement);
    this.#surface = new CanvasSurface(track, redraw);
    track.addEventListener('click', ({ offsetX }) => this.#goToPart(offsetX / Math.max(1, track.clientWidth)));
    this.#slider.addEventListener('input', () =>
      this.#goTo((this.#pageState.span?.from ?? 0) + this.#slider.valueAsNumber),
    );
    this.#slider.addEventListener('keydown', (event) => this.#onKey(event));
    byId('incident-before', HTMLButtonElement).addEventListener('click', () => this.goToIncident(-1));
    byId('incident-next', HTMLButtonElement).addEventListener('click', () => this.goToIncident(1));
    pageState.onMoment = (at, isFirst) => this.#queue.onArrival(at, isFirst);
  }

  /** Goes to the incident after or before the time shown. */
  goToIncident(by: 1 | -1): void {
    const { span } = this.#pageState;
    const { at } = this.#queue;
    if (span === null || at === null) return;
    const { incidents } = span;
    const current = this.#chosen === null ? -1 : incidents.indexOf(this.#chosen);
    const next =
      current >= 0
        ? incidents[current + by]
        : by === 1
          ? incidents.find(({ startAt }) => startAt > at)
          : incidents.findLast(({ startAt }) => startAt < at);
    if (next === undefined) return;
    const [shard] = next.shards;
    if (shard !== undefined && this.#pageState.model.shards.has(String(shard))) this.#pageState.select(String(shard));
    this.#goTo(beginOf(next), next);
  }

  draw(): void {
    const { span, isRecording, model } = this.#pageState;
    this.#panel.hidden = span === null || isRecording;
    if (span === null || isRecording) return;
    const at = this.#queue.at ?? span.to;
    const length = span.to - span.from;
    this.#slider.max = String(length);
    this.#slider.value = String(at - span.from);
    const time = `${new Date(at).toLocaleDateString('en-GB')} ${clockTimeMs(at)}`;
    this.#slider.setAttribute('aria-valuetext', time);
    setText(this.#time, `${time}, ${formatDuration(at - span.from)} of ${formatDuration(length)}`);
    const shown = this.#chosen ?? span.incidents.findLast(({ startAt, endAt }) => startAt <= at && at <= endAt);
    setText(
      this.#incident,
      shown === undefined
        ? `${formatCount(span.incidents.length, 'incident')} in ${model.version}'s recording`
        : incidentText(shown),
    );
    if (this.#problems.childElementCount !== span.problems.length)
      this.#problems.replaceChildren(...span.problems.map((problem) => element('li', '', problem)));
    this.#stretch.draw(span);
    this.#surface.fit();
    drawTrack(this.#surface, this.#theme.palette, span, { at, chosen: shown ?? null, stretch: this.#stretch });
  }

  #onKey(event: KeyboardEvent): void {
    const { span } = this.#pageState;
    const step = KEY_STEPS[event.key];
    if (span === null || step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#goTo((this.#queue.at ?? span.to) + Math.sign(step) * Math.max(1, Math.abs(step) * (span.to - span.from)));
  }

  #goToPart(part: number): void {
    const { span } = this.#pageState;
    if (span === null) return;
    const at = span.from + part * (span.to - span.from);
    // A click near a mark means the mark.
    const near = span.incidents.find(({ startAt }) => Math.abs(startAt - at) < (span.to - span.from) / 150);
    this.#goTo(near === undefined ? at : beginOf(near), near ?? null);
  }

  #goTo(at: number, incident: RecordedIncident | null = null): void {
    const { span } = this.#pageState;
    if (span === null) return;
    this.#chosen = incident;
    this.#pageState.unfreeze();
    this.#queue.request(Math.min(Math.max(at, span.from), span.to));
    this.#redraw();
  }
}
