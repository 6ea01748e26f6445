/** The format of recordings: its records, and the reader that everything reads recordings with. */
export { lineOf, parseLine } from './lines.ts';
export type { ParsedLine } from './lines.ts';
export { readRecording } from './read-recording.ts';
export type { ReadRecordingOptions, RecordedLine, RecordingProblem } from './read-recording.ts';
export { FORMAT, RECORDS, VERSION } from './records.ts';
export type { RecordFields, RecordKind, RecordOf, RecordingHeader, RecordingRecord } from './records.ts';
