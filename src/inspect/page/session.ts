/** What the page is looking at: the live world or a recording, now or as it was. */
import type { LogEntry, ToPage } from '../messages.ts';
import type { Recording } from './recording.ts';
import { World } from './world.ts';

/** What has changed, for the views that show it. */
export type Topic = 'world' | 'link' | 'shards' | 'selection' | 'history' | 'log' | 'freeze' | 'theme';

/** How the page and the inspector are connected. */
export type Link = { readonly state: 'connecting' | 'live' } | { readonly state: 'waiting'; readonly retryAt: number };

export interface Changes {
  touch(...topics: Topic[]): void;
}

function topicsOf(message: ToPage): Topic[] {
  if (message.type !== 'batch') return [message.type === 'welcome' ? 'world' : 'selection'];
  const { managers, shards, gone, log, states, marks, beats } = message;
  const topics: Topic[] = [];
  if (managers.length + shards.length + gone.length > 0) topics.push('shards');
  if (log.length > 0) topics.push('log');
  if (log.length + states.length + marks.length + beats.length > 0) topics.push('history');
  return topics;
}

export class Session {
  readonly #changes: Changes;
  readonly #live = new World();
  #recording: World | null = null;
  #frozen: LogEntry | null = null;
  #link: Link = { state: 'connecting' };
  #pausedAtId: number | null = null;
  /** Tells the inspector which shard to tell about. */
  onSelect: (key: string | null) => void = () => {};

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get world(): World {
    return this.#recording ?? this.#live;
  }

  get isRecording(): boolean {
    return this.#recording !== null;
  }

  get link(): Link {
    return this.#link;
  }

  /** The entry of the log whose moment is shown; `null` for now. */
  get frozen(): LogEntry | null {
    return this.#frozen;
  }

  /** The newest entry that a paused log shows; `null` when it runs. */
  get pausedAtId(): number | null {
    return this.#pausedAtId;
  }

  linked(link: Link): void {
    this.#link = link;
    this.#changes.touch('link');
  }

  take(message: ToPage, pageMs: number): void {
    const { selected } = this.#live;
    this.#live.take(message, pageMs);
    const isMoved = this.#live.selected !== selected;
    if (message.type === 'welcome' || isMoved) this.onSelect(this.#live.selected);
    if (!this.isRecording) this.#changes.touch(...topicsOf(message), ...(isMoved ? (['selection'] as const) : []));
  }

  select(key: string): void {
    if (this.world.selected === key) return;
    this.world.select(key);
    if (!this.isRecording) this.onSelect(key);
    this.#changes.touch('selection');
  }

  freeze(entry: LogEntry): void {
    this.#frozen = entry;
    if (this.world.shards.has(entry.shard) || this.world.managers.has(entry.shard)) this.select(entry.shard);
    this.#changes.touch('freeze');
  }

  thaw(): void {
    if (this.#frozen === null) return;
    this.#frozen = null;
    this.#changes.touch('freeze');
  }

  pause(on: boolean): void {
    this.#pausedAtId = on ? (this.world.log.at(-1)?.id ?? 0) : null;
    this.#changes.touch('log', 'link');
  }

  open(recording: Recording): void {
    this.#show(new World(recording));
  }

  backToLive(): void {
    this.#show(null);
  }

  #show(recording: World | null): void {
    this.#recording = recording;
    this.#frozen = null;
    this.#pausedAtId = null;
    this.#changes.touch('world');
  }
}
