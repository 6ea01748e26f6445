/** The actor behind a node's chart: opens the engine, carries out commands, and reports the outcome of each. */
import { fromCallback } from 'xstate';
import type { EngineCommand, NodeEvent } from '../../../machines/index.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import { handlerByType } from '../../protocol/handler-table.ts';
import type { Engine, EngineConnection } from '../ports/engine.ts';
import type { Membership } from './membership.ts';
import { engineError } from '../engine-errors.ts';
import type { NodeHost } from './node-host.ts';

interface EngineActorOptions {
  readonly engine: Engine;
  readonly host: NodeHost;
  /** The engine is open. `onChange` is to be called when the cluster may have changed. */
  readonly createMembership: (connection: EngineConnection, onChange: () => void) => Membership;
}

function reportUnexpected(host: NodeHost, cause: unknown): void {
  const error = engineError(cause);
  // The engine reports an outage itself, once.
  if (error.code !== 'ENGINE_UNAVAILABLE' && error.code !== 'FENCED') host.reportFault(error, null);
}

export const engineActor = ({ engine, host, createMembership }: EngineActorOptions) =>
  fromCallback<EngineCommand>(({ sendBack, receive }) => {
    const abort = new AbortController();
    let membership: Membership | null = null;
    let lastRenewal = 0;
    let lastLook = 0;
    let hasChanged = false;
    const send = (event: NodeEvent): void => {
      if (!abort.signal.aborted) sendBack(event);
    };

    const report = (error: GatewayError): void => {
      if (!abort.signal.aborted) host.reportFault(error, null);
    };

    const open = async (): Promise<void> => {
      try {
        const connection = await engine.open({ signal: abort.signal, report });
        // The node has left meanwhile.
        if (abort.signal.aborted) return await connection.close();
        // Before the membership listens, which may look when the engine can be reached again.
        connection.onReachableChange((isReachable) => {
          if (isReachable) send({ type: 'engine.reachable' });
        });
        membership = createMembership(connection, () => {
          hasChanged = true;
          send({ type: 'cluster.changed' });
        });
        send({ type: 'engine.opened' });
      } catch (cause) {
        send({ type: 'engine.refused', failure: engineError(cause) });
      }
    };

    /** Answers of a call that was repeated meanwhile do not count: they may be from before a freeze. */
    const renew = async (): Promise<void> => {
      lastRenewal += 1;
      const call = lastRenewal;
      try {
        await membership?.renew();
        if (call === lastRenewal) send({ type: 'renewal.done' });
      } catch (cause) {
        reportUnexpected(host, cause);
        if (call === lastRenewal) send({ type: 'renewal.failed' });
      }
    };

    const look = async (): Promise<void> => {
      lastLook += 1;
      const call = lastLook;
      hasChanged = false;
      try {
        const isWatchful = (await membership?.look()) ?? false;
        if (call !== lastLook) return;
        send({ type: 'look.done', isWatchful });
        if (hasChanged) send({ type: 'cluster.changed' });
      } catch (cause) {
        reportUnexpected(host, cause);
        if (call === lastLook) send({ type: 'look.failed' });
      }
    };

    const enter = async (): Promise<void> => {
      try {
        await membership?.enter();
        send({ type: 'entry.done' });
      } catch (cause) {
        reportUnexpected(host, cause);
        send({ type: 'entry.failed' });
      }
    };

    const handOver = async (): Promise<void> => {
      await membership?.handOver();
      send({ type: 'handOver.done' });
    };

    const depart = async (): Promise<void> => {
      try {
        await membership?.depart();
      } catch (cause) {
        reportUnexpected(host, cause);
      }
      send({ type: 'departure.done' });
    };

    const handle = handlerByType<EngineCommand>({
      enter: () => void enter(),
      renew: () => void renew(),
      look: () => void look(),
      suspend: () => host.setSuspended(true),
      resume: () => host.setSuspended(false),
      handOver: () => void handOver(),
      depart: () => void depart(),
    });
    receive(handle);
    void open();
    return () => abort.abort();
  });
