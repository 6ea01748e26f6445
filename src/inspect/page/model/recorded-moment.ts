/** Makes the model of one time of a recording from the message of the server. */
import type { ToPage } from '../../messages.ts';
import { InspectionModel } from './inspection-model.ts';

/** `selected` stays selected if it is there at that time. */
export function modelOfMoment(
  { now, version, identify, managers, shards, log, detail }: Extract<ToPage, { type: 'moment' }>,
  selected: string | null,
): InspectionModel {
  const model = new InspectionModel({
    format: 'shardwright-recording',
    formatVersion: 1,
    shardwright: version,
    exportedAt: now,
    identify,
    managers,
    shards,
    details: detail === null ? [] : [detail],
    log,
  });
  const isThere = selected !== null && (model.shards.has(selected) || model.managers.has(selected));
  if (isThere && model.selected !== selected) model.select(selected);
  return model;
}
