/** A connection to the memory engine: each call of the ports as one step in the engine, over a link that may fail. */
import type { CommandBus } from '../ports/command-bus.ts';
import type { DispatchLog } from '../ports/dispatch-log.ts';
import type { ClusterPlan, EngineConnection } from '../ports/engine.ts';
import type { Lease, Ownership, OwnershipScope } from '../ports/ownership.ts';
import type { SessionJournal } from '../ports/session-journal.ts';
import type { Succession } from '../ports/succession.ts';
import { LinkedIdentifyGate } from './linked-identify-gate.ts';
import type { MemoryLink } from './memory-link.ts';
import type { MemoryServer } from './memory-server.ts';
import { scopeKey } from './memory-store.ts';

export class MemoryConnection implements EngineConnection {
  readonly journal: SessionJournal;
  readonly log: DispatchLog;
  readonly commands: CommandBus;
  readonly identifyGate: LinkedIdentifyGate;
  readonly succession: Succession;
  readonly #server: MemoryServer;
  readonly #link: MemoryLink;
  readonly #close: () => void;

  constructor(server: MemoryServer, link: MemoryLink, close: () => void) {
    this.#server = server;
    this.#link = link;
    this.#close = close;
    this.journal = linkJournal(server, link);
    this.log = linkLog(server, link);
    this.commands = linkCommands(server, link);
    this.identifyGate = new LinkedIdentifyGate(server, link);
    this.succession = linkSuccession(server, link);
  }

  get isReachable(): boolean {
    return this.#link.isReachable;
  }

  onReachableChange(listener: (isReachable: boolean) => void): () => void {
    return this.#link.onReachableChange(listener);
  }

  agree(plan: ClusterPlan): Promise<ClusterPlan> {
    return this.#link.call(() => this.#server.succession.agree(plan));
  }

  plan(): Promise<ClusterPlan | null> {
    return this.#link.call(() => this.#server.succession.plan);
  }

  ownership(scope: OwnershipScope): Ownership {
    return linkOwnership(this.#server, this.#link, scope);
  }

  async close(): Promise<void> {
    this.#close();
  }
}

function linkOwnership({ ownership, store }: MemoryServer, link: MemoryLink, scope: OwnershipScope): Ownership {
  return {
    join: (member, { isStalled = false } = {}) => link.call(() => ownership.join(scope, member, isStalled)),
    claim: (shardId, member) => link.call(() => ownership.claim(scope, shardId, member)),
    renew: (member, leases, state) => link.call(() => ownership.renew(scope, member, leases, state)),
    restore: (lease, session) => link.call(() => ownership.restore(lease, session)),
    release: (lease, { to = null } = {}) => link.call(() => ownership.release(lease, to)),
    drain: (instance) => link.call(() => ownership.drain(scope, instance)),
    leave: (member) => link.call(() => ownership.leave(scope, member)),
    view: () => link.call(() => ownership.view(scope)),
    changes: (listener) => {
      const unsubscribe = link.subscribe(store.scopeNews, scopeKey(scope), listener);
      const stopWatching = link.onReachableChange((isReachable) => {
        if (isReachable) listener();
      });
      return () => {
        unsubscribe();
        stopWatching();
      };
    },
  };
}

function linkJournal({ journal }: MemoryServer, link: MemoryLink): SessionJournal {
  return {
    load: (lease) => link.call(() => journal.load(lease)),
    loadUnread: (lease, maxBytes) => link.call(() => journal.loadUnread(lease, maxBytes)),
    open: (lease, session, entries, bounds) => link.call(() => journal.open(lease, session, entries, bounds)),
    commit: (lease, commit) => link.call(() => journal.commit(lease, commit)),
    clear: (lease) => link.call(() => journal.clear(lease)),
    loadSnapshot: (shardId) => link.call(() => journal.loadSnapshot(shardId)),
    saveSnapshot: (lease, bytes) => link.call(() => journal.saveSnapshot(lease, bytes)),
    appendSnapshot: (lease, bytes) => link.call(() => journal.appendSnapshot(lease, bytes)),
  };
}

function linkLog({ log, store }: MemoryServer, link: MemoryLink): DispatchLog {
  return {
    createGroup: (group, from) => link.call(() => log.createGroup(group, from)),
    read: (lease, count) => link.call(() => log.read(lease, count)),
    claim: (lease) => link.call(() => log.claim(lease)),
    wait: (leases, options) =>
      link.wait(store.streamNews, idsOf(leases), () => idsOf(leases.filter((lease) => log.hasNews(lease))), options),
    ack: (lease, positions) => link.call(() => log.ack(lease, positions)),
    retry: (lease, position) => link.call(() => log.retry(lease, position)),
    bury: (lease, dispatch, error, maxDeadLetters) => link.call(() => log.bury(lease, dispatch, error, maxDeadLetters)),
    deadLetters: (group, options) => link.call(() => log.deadLetters(group, options)),
    redeliver: (group, position) => link.call(() => log.redeliver(group, position)),
    groups: () => link.call(() => log.groups()),
    status: (group) => link.call(() => log.status(group)),
    sweep: (maxAgeMs) => link.call(() => log.sweep(maxAgeMs)),
  };
}

function linkCommands({ commands, store }: MemoryServer, link: MemoryLink): CommandBus {
  return {
    send: (command) => link.call(() => commands.send(command)),
    take: (lease, count, underWay) => link.call(() => commands.take(lease, count, underWay)),
    done: (lease, command, answer) => link.call(() => commands.done(lease, command, answer)),
    wait: (leases, options) => {
      const shardIds = idsOf(leases);
      return link.wait(store.queueNews, shardIds, () => shardIds.filter((id) => commands.hasNews(id)), options);
    },
    answers: (instance, listener) => link.subscribe(store.answers, instance, listener),
  };
}

function linkSuccession({ succession }: MemoryServer, link: MemoryLink): Succession {
  return {
    begin: (member, total) => link.call(() => succession.begin(member, total)),
    report: (member, report) => link.call(() => succession.report(member, report)),
    restart: (generation, attempt) => link.call(() => succession.restart(generation, attempt)),
    abandon: (generation, failure) => link.call(() => succession.abandon(generation, failure)),
    record: (generation) => link.call(() => succession.record(generation)),
    failure: (generation) => link.call(() => succession.failure(generation)),
  };
}

const idsOf = (leases: readonly Lease[]): number[] => leases.map(({ shardId }) => shardId);
