/** Why a node gives the resharding of its cluster up, or can't begin it. */
import type { SuccessionFailure } from '../ports/succession.ts';

export const STATIC: SuccessionFailure = {
  code: 'RESHARD_REFUSED',
  message: 'a node of this cluster runs only some of the shards',
};
export const LEADER_LEFT: SuccessionFailure = {
  code: 'STOPPED',
  message: 'the manager that led the resharding was stopped',
};
export const NOT_WANTED: SuccessionFailure = { code: 'ABORTED', message: 'the resharding was cancelled' };
export const UNDER_WAY: SuccessionFailure = { code: 'RESHARD_REFUSED', message: 'another resharding is under way' };
export const NO_SUCCESSION: SuccessionFailure = { code: 'RESHARD_REFUSED', message: 'the engine can not reshard' };
export const FORGOTTEN: SuccessionFailure = {
  code: 'RESHARD_REFUSED',
  message: 'the cluster has forgotten the resharding',
};
