/** Identifies the file for tools such as file(1). */
export const APPLICATION_ID = 0x41547301;

/**
 * One migration for each version of the schema. A file is migrated at open, in one transaction; released entries are never
 * changed.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- What is in memory too, and is read at open. Everything but payload and result is in the body.
  CREATE TABLE live (
    number INTEGER PRIMARY KEY, body TEXT NOT NULL, payload TEXT, result TEXT, checksum INTEGER NOT NULL
  );

  -- Finished executions, on disk only. family: those that hang together by edges or a workflow have one number.
  CREATE TABLE history (
    number INTEGER PRIMARY KEY, execution_id TEXT NOT NULL, task_id TEXT NOT NULL, status TEXT NOT NULL,
    workflow_id TEXT, created_time INTEGER NOT NULL, completed_time INTEGER NOT NULL, retired INTEGER NOT NULL,
    bytes INTEGER NOT NULL, family INTEGER,
    body TEXT NOT NULL, payload TEXT, result TEXT, checksum INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX history_id ON history (execution_id);
  CREATE INDEX history_task ON history (task_id);
  CREATE INDEX history_status ON history (status, number, bytes);
  CREATE INDEX history_created ON history (created_time);
  CREATE INDEX history_retired ON history (retired);
  CREATE INDEX history_workflow ON history (workflow_id) WHERE workflow_id IS NOT NULL;
  CREATE INDEX history_family ON history (family) WHERE family IS NOT NULL;

  CREATE TABLE history_tag (tag TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)) WITHOUT ROWID;
  CREATE INDEX history_tag_number ON history_tag (number);

  -- ended and family: 0 while under way, and in memory.
  CREATE TABLE workflow (
    number INTEGER PRIMARY KEY, workflow_id TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL, family INTEGER NOT NULL,
    body TEXT NOT NULL, checksum INTEGER NOT NULL
  );
  CREATE INDEX workflow_ended ON workflow (ended) WHERE family > 0;
  CREATE INDEX workflow_family ON workflow (family);

  -- All else, by kind: task, queue, lock, schedule, key, spread, totals, window, errors.
  CREATE TABLE record (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;

  -- For people.
  CREATE VIEW execution AS
    SELECT number, body ->> 'executionId' AS execution_id, body ->> 'taskId' AS task_id, body ->> 'status' AS status,
      body ->> 'place' AS place, datetime((body ->> 'createdTime') / 1000, 'unixepoch') AS created, payload, result, body
      FROM live
    UNION ALL
    SELECT number, execution_id, task_id, status, 'history', datetime(created_time / 1000, 'unixepoch'), payload,
      result, body FROM history;
  `,
  `
  -- Edges of executions, of the living and of history: each is written when it changes, however many an execution has.
  -- number: of the dependent; place: grows in the order of its edges.
  CREATE TABLE edge (
    number INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (number, place)
  ) WITHOUT ROWID;
  `,
  `
  -- What history keeps or drops as one. Executions of a workflow have no outcome of their own: it is the workflow's, whose
  -- place among those of its outcome is in the column ended.
  ALTER TABLE history ADD COLUMN outcome TEXT;
  UPDATE history SET outcome = status WHERE workflow_id IS NULL OR workflow_id NOT IN (SELECT workflow_id FROM workflow);
  ALTER TABLE history ADD COLUMN queue TEXT;
  UPDATE history SET queue = body ->> 'queue';
  CREATE INDEX history_queue ON history (queue);
  CREATE INDEX history_outcome ON history (outcome, retired, completed_time, bytes) WHERE outcome IS NOT NULL;
  DROP INDEX history_retired;

  ALTER TABLE workflow ADD COLUMN outcome TEXT;
  ALTER TABLE workflow ADD COLUMN completed_time INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE workflow ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE workflow SET outcome = body ->> 'status', completed_time = body ->> 'completedTime',
    bytes = coalesce((SELECT sum(bytes) FROM history h WHERE h.workflow_id = workflow.workflow_id), 0) WHERE family > 0;
  DROP INDEX workflow_ended;
  CREATE INDEX workflow_outcome ON workflow (outcome, ended) WHERE family > 0;
  `,
];
