/** About 100 bytes as JSON, the same for both sides. */
export const PAYLOAD = { data: 'x'.repeat(80) };
export const CHILDREN = 10;
export const LEVELS = 5;

/** What a job carries beyond PAYLOAD, where the scenario needs it. */
export interface JobData {
  data: string;
  /** 0 (first) to LEVELS - 1. */
  level?: number;
  /** Which flow it belongs to. */
  flow?: number;
  /** The parent of its flow: runs after its children. */
  parent?: boolean;
}
