/** Knows what the page shows: a live inspector or a recording, now or frozen at a log entry. */
import type { LogEntry, RecordedSpan, ToPage } from '../../messages.ts';
import type { Recording } from './recording.ts';
import { InspectionModel } from './inspection-model.ts';
import type { LiveMessage } from './inspection-model.ts';
import { modelOfMoment } from './recorded-moment.ts';

/** The parts of the state that views depend on. */
export type Topic = 'model' | 'connection' | 'shards' | 'selection' | 'history' | 'log' | 'freeze' | 'theme';

/** The state of the page's connection to the inspector. */
export type ConnectionStatus =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'waiting'; readonly retryAt: number };

export interface ChangeNotifier {
  notify(...topics: Topic[]): void;
}

function topicsOf(message: LiveMessage): Topic[] {
  if (message.type !== 'batch') return [message.type === 'welcome' ? 'model' : 'selection'];
  const { managers, shards, removed, log, states, marks, heartbeats } = message;
  const topics: Topic[] = [];
  if (managers.length + shards.length + removed.length > 0) topics.push('shards');
  if (log.length > 0) topics.push('log');
  if (log.length + states.length + marks.length + heartbeats.length > 0) topics.push('history');
  return topics;
}

export class PageState {
  readonly #notifier: ChangeNotifier;
  readonly #liveModel = new InspectionModel();
  #recordingModel: InspectionModel | null = null;
  /** What the recording that the command `inspect` opened says about one time; `null` on a live page. */
  #momentModel: InspectionModel | null = null;
  #span: RecordedSpan | null = null;
  #frozen: LogEntry | null = null;
  #connection: ConnectionStatus = { state: 'connecting' };
  #pausedAtId: number | null = null;
  /** Called when the inspector should send the details of another shard or manager. */
  onSelect: (key: string | null) => void = () => {};
  /** Called when another time of the recording has arrived. */
  onMoment: (at: number, isFirst: boolean) => void = () => {};

  constructor(notifier: ChangeNotifier) {
    this.#notifier = notifier;
  }

  get model(): InspectionModel {
    return this.#recordingModel ?? this.#momentModel ?? this.#liveModel;
  }

  get isRecording(): boolean {
    return this.#recordingModel !== null;
  }

  /** The recording that the page scrubs through; `null` on a live page. */
  get span(): RecordedSpan | null {
    return this.#span;
  }

  get connection(): ConnectionStatus {
    return this.#connection;
  }

  /** The log entry whose moment the page shows; `null` when it shows the present. */
  get frozen(): LogEntry | null {
    return this.#frozen;
  }

  /** The id of the newest entry that a paused log shows; `null` when the log is not paused. */
  get pausedAtId(): number | null {
    return this.#pausedAtId;
  }

  setConnection(connection: ConnectionStatus): void {
    this.#connection = connection;
    this.#notifier.notify('connection');
  }

  applyMessage(message: ToPage, pageMs: number): void {
    if (message.type === 'moment') return this.#applyMoment(message);
    const { selected } = this.#liveModel;
    this.#liveModel.applyMessage(message, pageMs);
    const hasSelectionChanged = this.#liveModel.selected !== selected;
    if (message.type === 'welcome' || hasSelectionChanged) this.onSelect(this.#liveModel.selected);
    if (!this.isRecording)
      this.#notifier.notify(...topicsOf(message), ...(hasSelectionChanged ? (['selection'] as const) : []));
  }

  #applyMoment(message: Extract<ToPage, { type: 'moment' }>): void {
    const selected = this.#momentModel?.selected ?? null;
    this.#momentModel = modelOfMoment(message, selected);
    this.#span = message.span ?? this.#span;
    // A page that has connected again, or selects for the first time, has another selection than the server knows.
    if (this.#momentModel.selected !== (message.detail?.key ?? null)) this.onSelect(this.#momentModel.selected);
    if (!this.isRecording) this.#notifier.notify('model');
    this.onMoment(message.now, message.span !== null);
  }

  select(key: string): void {
    if (this.model.selected === key) return;
    this.model.select(key);
    if (!this.isRecording) this.onSelect(key);
    this.#notifier.notify('selection');
  }

  freeze(entry: LogEntry): void {
    this.#frozen = entry;
    if (this.model.shards.has(entry.shard) || this.model.managers.has(entry.shard)) this.select(entry.shard);
    this.#notifier.notify('freeze');
  }

  unfreeze(): void {
    if (this.#frozen === null) return;
    this.#frozen = null;
    this.#notifier.notify('freeze');
  }

  setPaused(isPaused: boolean): void {
    this.#pausedAtId = isPaused ? (this.model.log.at(-1)?.id ?? 0) : null;
    this.#notifier.notify('log', 'connection');
  }

  openRecording(recording: Recording): void {
    this.#show(new InspectionModel(recording));
  }

  backToLive(): void {
    this.#show(null);
  }

  #show(recording: InspectionModel | null): void {
    this.#recordingModel = recording;
    this.#frozen = null;
    this.#pausedAtId = null;
    this.#notifier.notify('model');
  }
}
