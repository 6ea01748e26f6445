/** `shardwright/recorder`: records what a bot's shards do, and reads such recordings. */
import '../protocol/require-node.ts';
export { FlightRecorder } from './flight-recorder.ts';
export type { FlightRecorderOptions } from './flight-recorder.ts';
export { readRecording } from './format/index.ts';
export type {
  ReadRecordingOptions,
  RecordKind,
  RecordOf,
  RecordedLine,
  RecordingHeader,
  RecordingProblem,
  RecordingRecord,
} from './format/index.ts';
