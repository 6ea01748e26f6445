/** Carries out the commands of a node's chart while the engine is open: enters, renews, looks, hands over, departs. */
import type { SessionStartLimit } from '../../../machines/index.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { waitAtMost } from '../../protocol/wait-at-most.ts';
import { CommandClient } from '../commands/command-client.ts';
import type { ClusterPlan, EngineConnection } from '../ports/engine.ts';
import type { Member, OwnershipView } from '../ports/ownership.ts';
import { balanceOf, receiversOf } from './balance.ts';
import type { Balance } from './balance.ts';
import { CutOff } from './cut-off.ts';
import type { FreezeWatch } from './freeze-watch.ts';
import { Generation } from './generation.ts';
import { MemberWatch } from './member-watch.ts';
import { MovePace } from './move-pace.ts';
import { NO_RECORD } from './node-host.ts';
import type { HandOverRecord, NodeHost } from './node-host.ts';
import { NodeSuccession } from './node-succession.ts';
import { pacedChanges } from './paced-changes.ts';
import { PlanReader } from './plan-reader.ts';
import type { ResolvedPublish } from './publish-options.ts';

/** How long a node that leaves waits until the others have its shards, at most. */
const TAKEN_WITHIN_MS = 2_000;
const TAKEN_LOOK_MS = 50;

export interface MembershipOptions {
  readonly host: NodeHost;
  readonly connection: EngineConnection;
  readonly member: Member;
  readonly leaseTtlMs: number;
  /** The shard count that this node proposes. */
  readonly total: number;
  /** The shards of a static layout; `null` to share all shards with the other nodes. */
  readonly ids: readonly number[] | null;
  /** `null` if nothing is published. */
  readonly publish: ResolvedPublish | null;
  readonly maxMovesPerSecond: number;
  readonly sessionStartLimit: SessionStartLimit;
  readonly reserve: number;
  readonly freezeWatch: FreezeWatch;
  /** Called when the cluster may have changed. */
  readonly onChange: () => void;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly commands: CommandClient;
  /** The part of this node in a resharding. */
  readonly succession: NodeSuccession;
  readonly #memberWatch: MemberWatch;
  readonly #pace: MovePace;
  readonly #cutOff: CutOff;
  readonly #stopListening: (() => void)[];
  readonly #plan: PlanReader;
  /** The shards in service: first those that this node has proposed, then those that are agreed. */
  #current: Generation;
  #view: OwnershipView = { members: [], shards: [] };
  #hasEntered = false;
  #hasJoined = false;
  #isLeaving = false;
  /** Somebody has asked this node to hand its shards over. An engine that forgets that learns it again. */
  #isDraining = false;
  #hasDeparted = false;
  #paceTimer: unknown = null;

  constructor(options: MembershipOptions) {
    const { host, connection, member, leaseTtlMs } = options;
    this.#options = options;
    this.#current = this.#create(0, options.total);
    this.#plan = new PlanReader({
      ...options,
      current: () => this.#current,
      onPlan: (...args) => this.#onPlan(...args),
    });
    this.commands = new CommandClient({ bus: connection.commands, instance: member.instance, clock: host.clock });
    this.succession = new NodeSuccession({
      host,
      connection,
      member,
      isStatic: options.ids !== null,
      current: () => this.#current,
      create: (number, total) => this.#create(number, total),
      switchOver: (next, record) => this.#switchOver(next, record),
      readPlan: () => this.#plan.readAnew(),
    });
    this.#memberWatch = new MemberWatch({
      clock: host.clock,
      leaseTtlMs,
      instance: member.instance,
      onJoined: (node) => host.onNodeJoined(node),
      onLeft: (node) => host.onNodeLeft(node),
    });
    this.#pace = new MovePace(host.clock, options.maxMovesPerSecond);
    this.#cutOff = new CutOff({
      clock: host.clock,
      stableAfterMs: host.timing.stableAfterMs,
      isExpired: () => options.freezeWatch.isExpired,
      yieldShard: (held) => this.#current.leases.lose(held),
    });
    this.#stopListening = [
      pacedChanges(connection.ownership({ kind: 'shards' }), {
        clock: host.clock,
        instance: member.instance,
        onChange: options.onChange,
      }),
      connection.onReachableChange((isReachable) => {
        if (isReachable) return;
        this.#current.onBroken();
        this.succession.onBroken();
      }),
    ];
  }

  /** The cluster as the engine described it last. */
  get view(): OwnershipView {
    return this.#view;
  }

  publish(...[shardId, session, dispatch, what]: Parameters<Generation['publish']>): void {
    this.#current.publish(shardId, session, dispatch, what);
  }

  lowestUnpublished(shardId: number): number | null {
    return this.#current.lowestUnpublished(shardId);
  }

  /** While the engine is away a shard may resume once. If it is lost again soon, another node has its session. */
  onConnectionLost(shardId: number): void {
    const held = this.#current.held.get(shardId);
    if (held !== undefined) this.#cutOff.onConnectionLost(held);
  }

  async enter(): Promise<void> {
    const { connection, member, sessionStartLimit, reserve, host, freezeWatch } = this.#options;
    const askedAt = host.clock.now();
    await this.#plan.agree(this.#current);
    await this.#current.ownership.join(member, { isStalled: this.#memberWatch.isStalled });
    await connection.identifyGate.update(sessionStartLimit, reserve);
    freezeWatch.start();
    freezeWatch.onRenewed(askedAt);
    this.#hasEntered = true;
    this.#enterCurrent();
  }

  async renew({ isDraining = false } = {}): Promise<void> {
    const { host, freezeWatch } = this.#options;
    const askedAt = host.clock.now();
    await this.#plan.agree(this.#current);
    // It would be a member again.
    if (this.#hasDeparted) return;
    const state = { isDraining: isDraining || this.#isDraining, isStalled: this.#memberWatch.isStalled };
    await Promise.all([this.#current.leases.renew(state), this.succession.next?.leases.renew(state)]);
    freezeWatch.onRenewed(askedAt);
    this.#current.onReachable();
  }

  /** Resolves with whether something is about to change. */
  async look(): Promise<boolean> {
    const current = this.#current;
    const [view] = await Promise.all([current.ownership.view(), this.#plan.read()]);
    // Other shards are in service now.
    if (this.#current !== current) return true;
    this.#view = view;
    this.#memberWatch.onView(this.#view);
    const { instance } = this.#options.member;
    this.#isDraining ||= this.#view.members.some((each) => each.instance === instance && each.isDraining);
    const balance = this.#balance(this.#view);
    const isComplete = await current.leases.claimAll(balance.claims);
    // What is meant for a member that was stalled is kept for it again.
    if (this.#memberWatch.onLooked()) await this.renew();
    if (isComplete && !this.#hasJoined) {
      this.#hasJoined = true;
      this.#options.host.onJoined();
    }
    const hasAllOfNext = await this.succession.claim();
    const hasMoved = this.succession.isHandingOver || this.#move(balance);
    return !isComplete || !hasAllOfNext || !hasMoved || this.#memberWatch.hasSilent || this.succession.next !== null;
  }

  /** Stops all shards, and releases them to those members that should have them. Never rejects. */
  async handOver(): Promise<void> {
    const { connection, host, member, ids } = this.#options;
    await this.succession.leave();
    this.#isLeaving = true;
    const { leases } = this.#current;
    leases.close();
    host.clock.clearTimeout(this.#paceTimer);
    if (connection.isReachable) {
      // The others then give this node nothing more. If the engine does not answer, the shards are closed all the same.
      await this.renew({ isDraining: true }).catch(() => undefined);
      this.#view = await this.#current.ownership.view().catch(() => this.#view);
    }
    // In a static layout none is known.
    const receivers = ids === null ? receiversOf(this.#view, member.instance) : new Map<number, string>();
    await Promise.all(
      [...leases.held.values()].map((held) => leases.release(held, receivers.get(held.shardId) ?? null, 'stop')),
    );
    if (connection.isReachable) await this.#untilTaken([...receivers.keys()]);
  }

  /** Until then nobody but this node can teach the sessions to an engine that comes back empty. */
  async #untilTaken(shardIds: readonly number[]): Promise<void> {
    const { clock } = this.#options.host;
    const endsAt = clock.now() + TAKEN_WITHIN_MS;
    const isTaken = (): boolean => shardIds.every((id) => (this.#view.shards[id]?.owner ?? null) !== null);
    while (shardIds.length > 0 && clock.now() < endsAt) {
      await waitAtMost(clock, TAKEN_LOOK_MS, new Promise(() => undefined));
      try {
        await this.renew({ isDraining: true });
        this.#view = await this.#current.ownership.view();
      } catch {
        // The time ends anyway.
        continue;
      }
      if (isTaken()) return;
    }
  }

  async depart(): Promise<void> {
    const { connection, member, freezeWatch, host } = this.#options;
    this.#hasDeparted = true;
    freezeWatch.stop();
    for (const stop of this.#stopListening) stop();
    this.#current.commandServer.stop();
    this.commands.close(new GatewayError('STOPPED', 'the node has left the cluster'));
    host.clock.clearTimeout(this.#paceTimer);
    this.#current.loseAll('stop');
    // Without an answer the leases end with their time.
    await this.#current.ownership.leave(member).catch(() => undefined);
    await connection.close();
  }

  #create(number: number, total: number, record = NO_RECORD): Generation {
    return new Generation(number, total, { ...this.#options, record, onHeldChange: () => this.succession.onBroken() });
  }

  #onPlan(plan: ClusterPlan, record: HandOverRecord): void {
    // A node that leaves takes no part in what comes.
    if (this.#isLeaving) return;
    if (this.#hasEntered) this.succession.onPlan(plan, record);
    const { generation = 0, total } = plan;
    const { number, total: known } = this.#current;
    if (generation > number || (generation === number && total !== known)) this.#adopt(generation, total, record);
  }

  /** Other shards are in service, and this node has not taken part: what it held is lost. */
  #adopt(number: number, total: number, record: HandOverRecord): void {
    const old = this.#current;
    this.succession.giveUp();
    old.loseAll('fenced');
    old.stop();
    if (old.number !== number) void old.retire();
    this.#current = this.#create(number, total, record);
    if (this.#hasEntered) this.#enterCurrent();
  }

  #enterCurrent(): void {
    this.#current.commandServer.start();
    this.#options.host.onEntered(this.#current.entry);
  }

  #switchOver(next: Generation, record: HandOverRecord): void {
    const old = this.#current;
    this.#current = next;
    next.commandServer.start();
    this.#options.host.resharding.switchOver(record);
    void old.retire();
    this.#options.onChange();
  }

  #balance(view: OwnershipView): Balance {
    const { ids, member } = this.#options;
    const { held, leases } = this.#current;
    if (ids !== null) {
      const claims = ids.filter((id) => !held.has(id) && !leases.isLeaving(id));
      return { claims, moves: [], givers: 0 };
    }
    const shards = view.shards.map((shard) => {
      if (!leases.isLeaving(shard.shardId)) return shard;
      return { ...shard, owner: leases.receiverOf(shard.shardId) ?? member.instance, reservedFor: null };
    });
    return balanceOf({ ...view, shards }, member.instance);
  }

  /**
   * Starts the moves that the pace allows. Returns whether none is left. A shard without a session stays until it has one:
   * its IDENTIFY may be under way, and the next owner would have to send another.
   */
  #move({ moves, givers }: Balance): boolean {
    const { host, onChange } = this.#options;
    const { leases } = this.#current;
    const possible = moves.filter(
      ({ shardId, to }) => !this.#memberWatch.isSilent(to) && (host.shards.get(shardId)?.session ?? null) !== null,
    );
    for (const { shardId, to } of possible) {
      const { waitMs } = this.#pace;
      if (waitMs > 0) {
        host.clock.clearTimeout(this.#paceTimer);
        this.#paceTimer = host.clock.setTimeout(onChange, waitMs);
        return false;
      }
      const held = leases.held.get(shardId);
      if (held === undefined) continue;
      this.#pace.onMove(givers);
      void leases.release(held, to, 'handoff');
    }
    return possible.length === moves.length;
  }
}
