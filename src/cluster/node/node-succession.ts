/**
 * What a node does while the bot is resharded: it takes its share of the next generation beside its shards in service, and
 * follows the phases that the engine gives. Each phase ends with a report.
 *
 * No generation takes over without the report of `catchingUp` of each node that takes part. So a node that has not sent it
 * may go on with its shards in service at any time, for example when the engine is away. One that has sent it waits for
 * the engine to say what became of it: meanwhile it delivers nothing.
 */
import { engineError, unexpectedError } from '../engine-errors.ts';
import type { EngineConnection } from '../ports/engine.ts';
import type { Member } from '../ports/ownership.ts';
import type { NextGeneration, SuccessionFailure, SuccessionPhase, SuccessionReport } from '../ports/succession.ts';
import { balanceOf } from './balance.ts';
import type { Generation } from './generation.ts';
import { NO_RECORD } from './node-host.ts';
import type { HandOverRecord, NodeHost } from './node-host.ts';
import { FORGOTTEN, LEADER_LEFT, NOT_WANTED, NO_SUCCESSION, STATIC, UNDER_WAY } from './succession-failures.ts';

/** A hand-over takes a few round trips. After this time it starts over; the shards in service stay meanwhile. */
const HAND_OVER_TIMEOUT_MS = 15_000;

interface NodeSuccessionOptions {
  readonly host: NodeHost;
  readonly connection: EngineConnection;
  readonly member: Member;
  /** A node with a static layout can't take part. */
  readonly isStatic: boolean;
  readonly current: () => Generation;
  readonly create: (number: number, total: number) => Generation;
  /** Puts the next generation in service. */
  readonly switchOver: (next: Generation, record: HandOverRecord) => void;
  /** Asks the engine for the plan, so that no answer to an earlier question counts any more. */
  readonly readPlan: () => Promise<void>;
}

/** A plan that is missing no field. */
interface PlanView {
  readonly generation?: number;
  readonly next?: NextGeneration | null;
}

/** What this node does in one phase. Resolves with what the report says beside the phase. */
type Step = (next: Generation) => Promise<Pick<SuccessionReport, 'record'>>;

export class NodeSuccession {
  readonly #options: NodeSuccessionOptions;
  readonly #steps: Readonly<Record<Exclude<SuccessionPhase, 'preparing'>, Step>>;
  #next: Generation | null = null;
  #view: NextGeneration | null = null;
  /** The phase that this node has begun, in this attempt. */
  #begun: SuccessionPhase | null = null;
  /** What this node has to report, until the engine has it. */
  #report: SuccessionReport | null = null;
  #lastReady = '';
  /** The attempt that has failed here, and that the engine should end. */
  #broken: number | null = null;
  /** Whether the last report is on its way: the next generation may be in service. */
  #isUncertain = false;
  /** The generation that this node leads for its manager; `'asked'` until the engine has said its number. */
  #led: number | 'asked' | null = null;
  #timer: unknown = null;

  constructor(options: NodeSuccessionOptions) {
    this.#options = options;
    const { connection, current } = options;
    const host = options.host.resharding;
    this.#steps = {
      recording: async () => {
        host.beginHandOver();
        return {};
      },
      buffering: async (next) => {
        await next.storeSessions(await host.bufferNext());
        return {};
      },
      freezing: async () => {
        const record = await host.freezeCurrent();
        await current().flush();
        return { record };
      },
      catchingUp: async ({ number }) => {
        await host.catchUp((await connection.succession?.record(number)) ?? []);
        return {};
      },
    };
  }

  get next(): Generation | null {
    return this.#next;
  }

  /** Whether the shards must stay where they are. */
  get isHandingOver(): boolean {
    return this.#view !== null && this.#view.phase !== 'preparing';
  }

  /** The engine has answered with the plan, and with the record of a generation that is news here. */
  onPlan({ generation = 0, next = null }: PlanView, record: HandOverRecord): void {
    const { isStatic, create, host } = this.#options;
    if (typeof this.#led === 'number' && this.#led !== next?.generation) this.#endLead(generation);
    if (this.#next !== null && this.#next.number !== next?.generation)
      this.#end(generation === this.#next.number ? 'inService' : 'givenUp', record);
    if (next === null) return;
    if (this.#isLeader(next) && this.#led === null) return this.#abandon(next.generation, NOT_WANTED);
    if (isStatic) return this.#abandon(next.generation, STATIC);
    if (this.#next === null) {
      this.#next = create(next.generation, next.total);
      host.resharding.prepareNext(this.#next.entry);
    }
    if (next.attempt !== this.#view?.attempt) this.#resetAttempt();
    this.#view = next;
    // An engine that was away has not heard what is ready here. One that took this node for dead has not counted it.
    this.#lastReady = '';
    this.#follow();
  }

  /** Claims this node's share of the next generation. Resolves with whether it has all of it. */
  async claim(): Promise<boolean> {
    const next = this.#next;
    if (next === null) return true;
    const { claims } = balanceOf(await next.ownership.view(), this.#options.member.instance);
    return next.leases.claimAll(claims);
  }

  /** A shard of either generation is ready, or no longer is. */
  onReadyChange(): void {
    if (this.#view?.phase === 'preparing') this.#follow();
  }

  /** What was done in this attempt no longer holds: a connection or a lease was lost, or another one came. */
  onBroken(): void {
    if (!this.isHandingOver || this.#view === null) return;
    this.#broken = this.#view.attempt;
    if (!this.#isUncertain) this.#options.host.resharding.cancelHandOver();
    this.#follow();
  }

  /** Ends the part of this node, which leaves. Resolves when it is known which generation is in service. Never rejects. */
  async leave(): Promise<void> {
    const { connection } = this.#options;
    const view = this.#view;
    if (view === null) return;
    this.onBroken();
    try {
      if (this.#isLeader(view)) await connection.succession?.abandon(view.generation, LEADER_LEFT);
      else await connection.succession?.restart(view.generation, view.attempt);
      this.onPlan((await connection.plan()) ?? {}, NO_RECORD);
      this.#end('givenUp');
    } catch {
      // What was held back comes again to the next owner: the sessions are stored from before it.
      this.#end('unknown');
    }
  }

  /** Begins a generation for the manager, which hears what becomes of it. Never rejects. */
  async begin(total: number): Promise<void> {
    const { connection, member, host } = this.#options;
    const { succession } = connection;
    if (succession === undefined) return host.resharding.onReshardFailed(NO_SUCCESSION);
    this.#led = 'asked';
    try {
      const generation = await succession.begin(member, total);
      // The manager has cancelled it meanwhile.
      if (this.#led === null) return undefined;
      this.#led = generation;
      if (generation === null) return host.resharding.onReshardFailed(UNDER_WAY);
      // A plan from before it began would say that it is over already.
      void this.#call(() => this.#options.readPlan());
    } catch (cause) {
      this.#led = null;
      host.resharding.onReshardFailed(engineError(cause));
    }
    return undefined;
  }

  /** Gives up what this node began. */
  cancel(): void {
    this.#led = null;
    if (this.#view !== null && this.#isLeader(this.#view)) this.#abandon(this.#view.generation, NOT_WANTED);
  }

  /** Other shards are in service, so what is to replace them has to begin anew. */
  giveUp(): void {
    this.#end('givenUp');
  }

  /** The shards of the next generation can't be started. */
  fail(failure: SuccessionFailure): void {
    if (this.#view !== null) this.#abandon(this.#view.generation, failure);
  }

  #isLeader({ leader }: NextGeneration): boolean {
    return leader === this.#options.member.instance;
  }

  #follow(): void {
    const view = this.#view;
    const next = this.#next;
    if (view === null || next === null) return;
    if (this.#broken === view.attempt) return void this.#call((port) => port.restart(view.generation, view.attempt));
    if (view.phase === 'preparing') return this.#reportReady(view, next);
    if (this.#begun === view.phase) return this.#sendReport();
    if (this.#begun === null && this.#isLeader(view)) this.#options.host.resharding.onHandingOver(true);
    this.#begun = view.phase;
    this.#startTimer();
    void this.#run(view, next, view.phase);
  }

  async #run(view: NextGeneration, next: Generation, phase: Exclude<SuccessionPhase, 'preparing'>): Promise<void> {
    const { generation, attempt } = view;
    const isOutdated = (): boolean =>
      this.#next !== next || this.#view?.attempt !== attempt || this.#broken === attempt;
    try {
      const result = await this.#steps[phase](next);
      if (isOutdated()) return;
      this.#report = { generation, attempt, phase, ...result };
      this.#sendReport();
    } catch {
      // The engine is away, or a connection was lost.
      if (!isOutdated()) this.onBroken();
    }
  }

  #reportReady({ generation, attempt, phase }: NextGeneration, next: Generation): void {
    const isReady = this.#options.host.resharding.isNextReady;
    const ready = { current: isReady ? this.#options.current().held.size : 0, next: isReady ? next.held.size : 0 };
    const key = `${attempt} ${ready.current} ${ready.next}`;
    if (key === this.#lastReady) return;
    this.#lastReady = key;
    this.#report = { generation, attempt, phase, ready };
    this.#sendReport();
  }

  #sendReport(): void {
    const report = this.#report;
    if (report === null) return;
    if (report.phase === 'catchingUp') this.#isUncertain = true;
    void this.#call(async (port) => {
      await port.report(this.#options.member, report);
      if (this.#report === report) this.#report = null;
    });
  }

  #abandon(generation: number, failure: SuccessionFailure): void {
    void this.#call((port) => port.abandon(generation, failure));
  }

  /** What the engine does not answer is repeated with the next plan. Never rejects. */
  async #call(call: (port: NonNullable<EngineConnection['succession']>) => Promise<void>): Promise<void> {
    const { connection, host } = this.#options;
    const { succession } = connection;
    try {
      if (succession !== undefined) await call(succession);
    } catch (cause) {
      const error = unexpectedError(cause);
      if (error !== null) host.reportFault(error, null);
    }
  }

  #resetAttempt(): void {
    const wasHandingOver = this.isHandingOver;
    this.#clearTimer();
    this.#begun = null;
    this.#report = null;
    this.#lastReady = '';
    this.#broken = null;
    this.#isUncertain = false;
    this.#options.host.resharding.cancelHandOver();
    if (wasHandingOver && this.#view !== null && this.#isLeader(this.#view))
      this.#options.host.resharding.onHandingOver(false);
  }

  #end(outcome: 'inService' | 'givenUp' | 'unknown', record = NO_RECORD): void {
    const { host, switchOver } = this.#options;
    const next = this.#next;
    this.#clearTimer();
    this.#next = null;
    this.#view = null;
    this.#isUncertain = false;
    if (next === null) return;
    if (outcome === 'inService') return switchOver(next, record);
    host.resharding.cancelHandOver(outcome === 'givenUp');
    host.resharding.discardNext();
    if (outcome === 'unknown') next.leases.close();
    else void next.retire();
  }

  /** The generation that this node led is in service, or was given up. Then the manager waits to hear why. */
  #endLead(inService: number): void {
    const led = this.#led;
    if (led === inService) this.#led = null;
    if (typeof led !== 'number' || led === inService) return;
    void this.#call(async (port) => {
      const failure = (await port.failure(led)) ?? FORGOTTEN;
      // Another plan has asked, too.
      if (this.#led !== led) return;
      this.#led = null;
      this.#options.host.resharding.onReshardFailed(failure);
    });
  }

  #startTimer(): void {
    this.#clearTimer();
    this.#timer = this.#options.host.clock.setTimeout(() => this.onBroken(), HAND_OVER_TIMEOUT_MS);
  }

  #clearTimer(): void {
    this.#options.host.clock.clearTimeout(this.#timer);
  }
}
