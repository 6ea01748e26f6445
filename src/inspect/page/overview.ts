/** The head of the page: how it is connected, how many shards are where, and what the fleet may still do. */
import { byId, element, write } from './dom.ts';
import { counted, grouped, lasting, rate } from './format.ts';
import type { Frame, View } from './frame-loop.ts';
import { Managers } from './managers.ts';
import type { Session } from './session.ts';
import { icon } from './shapes.ts';
import { STATES } from './states.ts';

export class Overview implements View {
  readonly on = ['link', 'shards', 'selection', 'freeze'] as const;
  /** The retry and the reset count down. */
  readonly everyMs = 1_000;
  readonly restMs = 200;
  readonly #session: Session;
  readonly #link = byId('link', HTMLElement);
  readonly #version = byId('version', HTMLElement);
  readonly #rate = byId('total-rate', HTMLElement);
  readonly #queue = byId('identify-queue', HTMLElement);
  readonly #starts = byId('session-starts', HTMLElement);
  readonly #title = byId('shards-title', HTMLElement);
  readonly #counts = new Map<string, HTMLElement>();
  readonly #managers: Managers;

  constructor(session: Session) {
    this.#session = session;
    this.#managers = new Managers((key) => session.select(key));
    const totals = byId('totals', HTMLElement);
    for (const look of STATES) {
      const count = element('b', '', '0');
      this.#counts.set(look.state, count);
      totals.append(element('li', '', icon(look), count, element('span', '', look.state)));
    }
  }

  draw({ at }: Frame): void {
    const { world } = this.#session;
    const shards = [...world.shards.values()];
    write(this.#version, world.version);
    this.#drawLink(at);
    this.#managers.draw([...world.managers.values()], world.selected);
    write(this.#title, shards.length === 1 ? 'Shard' : counted(shards.length, 'shard'));
    const totals = Object.groupBy(shards, ({ state }) => state);
    for (const { state } of STATES) {
      const count = this.#counts.get(state);
      if (count === undefined) continue;
      write(count, grouped(totals[state]?.length ?? 0));
      count.parentElement?.classList.toggle('none', totals[state] === undefined);
    }
    write(this.#rate, `${rate(shards.reduce((sum, shard) => sum + shard.dispatchesPerSecond, 0))}/s`);
    const { identify } = world;
    write(this.#queue, identify === null ? '–' : identify.waiting === 0 ? 'empty' : `${grouped(identify.waiting)} waiting`);
    const starts = identify === null ? '–' : `${grouped(identify.remaining)} of ${grouped(identify.total)}, reset in ${lasting(identify.resetAfterMs)}`;
    write(this.#starts, starts);
  }

  #drawLink(at: number): void {
    const [word, text] = this.#linkText(at);
    this.#link.dataset['link'] = word;
    write(this.#link, text);
  }

  #linkText(at: number): readonly [word: string, text: string] {
    const { isRecording, link, frozen, pausedAtId } = this.#session;
    if (isRecording) return ['imported', 'imported'];
    if (link.state === 'connecting') return ['connecting', 'connecting'];
    if (link.state === 'waiting') return ['disconnected', `disconnected, retrying in ${Math.max(1, Math.ceil((link.retryAt - at) / 1_000))} s`];
    if (frozen !== null) return ['frozen', 'frozen'];
    return pausedAtId === null ? ['live', 'live'] : ['paused', 'paused'];
  }
}
