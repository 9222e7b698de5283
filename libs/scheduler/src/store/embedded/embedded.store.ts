import { resolve } from 'node:path';
import { SystemClock } from '../../core/clock.js';
import type { FireCommand, NewExecution, NewWorkflow } from '../../core/commands.js';
import { StoreUnavailableError } from '../../core/errors.js';
import type { TaskExecution } from '../../core/execution.js';
import { sizeOfPayload, useTexts } from '../../core/payload.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import { TERMINAL_STATUSES } from '../../core/status.js';
import type { GivenSchedule } from '../maps/schedule-row.js';
import { historySettings, type HistorySettings } from '../history-settings.js';
import { dump } from '../maps/dump.js';
import { hasEnded, stats, view } from '../maps/inspect.js';
import type { MapsStoreOptions } from '../maps/maps-store-base.js';
import { MapsTaskStore } from '../maps/maps-store.js';
import type { Changed } from '../maps/changed.js';
import type { State } from '../maps/state.js';
import { decideLost, resumeSteps } from '../../engine/dependency.js';
import { retire } from '../../engine/history.js';
import { rescueLost } from '../../engine/worker.js';
import { close } from '../../engine/workflow.js';
import { info } from '../maps/workflow.js';
import type { ListExecutionsQuery, Page, StoreStats, WorkflowInfo } from '../records.js';
import { GroupCommit } from './group-commit.js';
import { archivedInfo, listAll, listAllWorkflows } from './listing.js';
import { OpenFile } from './open-file.js';
import type { Sync } from './owner.js';
import { unlinkedRow } from './unlinked-row.js';
import { WorkingSet } from './working-set.js';

export interface EmbeddedStoreOptions extends MapsStoreOptions {
  /** The database file; its other files have the same path with a suffix. A missing folder is created. */
  path: string;
  /** `always`: acknowledged changes are on disk. `interval`: they are on disk at most 100 ms later. Default `always`. */
  sync?: Sync;
}

/** Maximum delay of a sync with sync `interval`, ms. */
const INTERVAL_MS = 100;
/** Disk space of an execution or schedule without its payload, bytes. */
const RECORD_BYTES = 1024;

/**
 * A durable store on maps: transitions run in memory, and the changes of each turn of the event loop are in an SQLite file
 * before calls return and effects are emitted. Ended executions are only in the file, and are loaded if a transition needs
 * them.
 */
export class EmbeddedTaskStore extends MapsTaskStore {
  private readonly path: string;
  private readonly sync: Sync;
  private readonly limits: HistorySettings;
  private readonly workingSet: WorkingSet;
  private readonly changed: Set<Changed>;
  private opening: Promise<void> | null = null;
  private file: OpenFile | null = null;
  private group: GroupCommit | null = null;

  constructor({ path, sync = 'always', history = {}, ...options }: EmbeddedStoreOptions) {
    const workingSet = new WorkingSet();
    const changed = new Set<Changed>();
    // Transitions trim nothing: the writer trims history on disk.
    const unlimited = { count: Number.POSITIVE_INFINITY, age: null, bytes: null };
    super({ ...options, history: unlimited }, workingSet, changed);
    this.path = resolve(path);
    this.sync = sync;
    this.limits = historySettings(history);
    this.workingSet = workingSet;
    this.changed = changed;
  }

  /**
   * Reads or creates the file, once; an earlier call of another method does so as well. Runs of the previous process are
   * rescued like those of a crashed worker.
   * @throws StoreInUseError, StoreDamagedError, StoreVersionError, StoreUnavailableError, MissingDependencyError
   */
  override async open(): Promise<void> {
    this.refuseClosed();
    await (this.opening ??= this.openFile());
  }

  private async openFile(): Promise<void> {
    const { path, sync, state, workingSet, changed, limits } = this;
    const file = await OpenFile.open({ path, sync, state, workingSet, changed, limits, now: () => this.now() });
    try {
      this.refuseClosed();
    } catch (error) {
      file.close(false);
      throw error;
    }
    this.file = file;
    const interval = sync === 'interval' ? INTERVAL_MS : 0;
    this.group = new GroupCommit(this.file, (effects) => this.emit(effects), interval, new SystemClock());
    // The clock may have gone back while no process had the file.
    this.followFrom(state.now);
    const { edges, workflows, kept, waiting } = file.takeOrphans();
    await this.commit((s) => {
      rescueLost(s, Number.POSITIVE_INFINITY);
      decideLost(s, edges);
      for (const row of waiting) resumeSteps(s, row);
      for (const workflow of workflows) close(s, workflow);
      for (const row of kept) retire(s, row);
    });
  }

  override async close(): Promise<void> {
    this.isClosed = true;
    const { group, file } = this;
    this.group = null;
    this.file = null;
    if (group && file) {
      if (!group.isWaitingForSpace) await group.drain();
      const complete = !group.isWaitingForSpace && !group.hasFailed;
      group.fail(new StoreUnavailableError(`'${this.path}' is closed`));
      file.close(complete);
    }
    await super.close();
  }

  override ping(): Promise<void> {
    return this.read(() => undefined);
  }

  // ---- new work: only if there is disk space -------------------------------------------------------------------

  /** @throws StoreFullError as well */
  override async enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    if (!this.file) await this.open();
    useTexts(batch);
    this.opened().file.space.require(weigh(batch));
    return super.enqueue(batch);
  }

  /** @throws StoreFullError as well */
  override async startWorkflow(command: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    if (!this.file) await this.open();
    const { space, archive } = this.opened().file;
    useTexts(executions);
    space.require(weigh(executions));
    if (archive.findWorkflow(command.workflowId) === null) return super.startWorkflow(command, executions);
  }

  /** @throws StoreFullError as well */
  override async fire(commands: readonly FireCommand[]): Promise<boolean[]> {
    if (!this.file) await this.open();
    const executions = commands.flatMap(({ ticks }) => ticks.map((tick) => tick.execution));
    useTexts(executions);
    this.opened().file.space.require(weigh(executions));
    return super.fire(commands);
  }

  /** A full disk must not prevent a start, which stores the declared schedules. @throws StoreFullError as well */
  override async putSchedule(schedule: GivenSchedule): Promise<ScheduleRecord> {
    if (!this.file) await this.open();
    const { space } = this.opened().file;
    if (schedule.declaredBy === null) space.require(RECORD_BYTES + (schedule.payload?.length ?? 0));
    return super.putSchedule(schedule);
  }

  // ---- queries that include history ----------------------------------------------------------------------------

  override getExecution(executionId: string): Promise<TaskExecution | null> {
    return this.read((s) => {
      const row = this.workingSet.peek(executionId);
      if (row) return view(s, row);
      const found = this.opened().file.archive.find(executionId);
      return found ? view(s, unlinkedRow(s, found.execution)) : null;
    });
  }

  /** Executions that are only in the file have ended. */
  override endedOf(executionIds: readonly string[]): Promise<string[]> {
    return this.read(() => executionIds.filter((id) => hasEnded(this.workingSet.peek(id))));
  }

  override listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>> {
    return this.read((s) => listAll(s, this.workingSet, this.opened().file.archive, query));
  }

  override getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    return this.read((s) => {
      const found = s.workflows.get(workflowId);
      if (found) return info(found);
      const stored = this.opened().file.archive.findWorkflow(workflowId);
      return stored && archivedInfo(stored.record);
    });
  }

  override listWorkflows(query: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    return this.read((s) => listAllWorkflows(s, this.opened().file.archive, query));
  }

  override stats(): Promise<StoreStats> {
    return this.read((s, now) => {
      const found = stats(s, now);
      const { archive, aside } = this.opened().file;
      const { byStatus } = archive.counts;
      found.setAside = aside.count;
      for (const status of TERMINAL_STATUSES) found.byStatus[status] += byStatus[status];
      return found;
    });
  }

  override dump(): Promise<unknown> {
    return this.read((s) => {
      const unload = this.workingSet.loadAll();
      const whole = structuredClone(dump(s));
      unload();
      this.opened().file.write();
      return whole;
    });
  }

  // ---- transactions --------------------------------------------------------------------------------------------

  protected override read<T>(query: (s: State, now: number) => T): Promise<T> {
    return this.whenOpen(() => this.opened().group.read(() => query(this.state, this.now())));
  }

  protected override commit<T>(transition: (s: State, now: number) => T): Promise<T> {
    return this.whenOpen(() => {
      const { file, group } = this.opened();
      let result: T;
      try {
        result = this.transact(transition);
      } catch (error) {
        // The error may depend on changes that are not durable yet, so it waits for them.
        return group.read(() => {
          throw error;
        });
      }
      return group.commit(result, [...file.aside.takeEffects(this.state.now), ...this.takeEffects()]);
    });
  }

  private whenOpen<T>(run: () => Promise<T>): Promise<T> {
    return attempt(this.file ? run : () => this.open().then(run));
  }

  private opened(): { file: OpenFile; group: GroupCommit } {
    const { file, group } = this;
    this.refuseClosed();
    if (!file || !group) throw new StoreUnavailableError(`'${this.path}' is not open`);
    group.check();
    return { file, group };
  }
}

function weigh(batch: readonly NewExecution[]): number {
  return batch.reduce((sum, { payload }) => sum + RECORD_BYTES + sizeOfPayload(payload), 0);
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  return run();
}
