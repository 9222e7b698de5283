import { Body, Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { AdvancedTaskScheduler, RunWorkflowRequest } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { perItems, Weighs } from '../security/weight.decorator.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { asQuery, toListing } from './execution-query.js';
import { IdPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';
import { QueryPipe, type QueryShape, type QueryValues } from './query.pipe.js';
import { workflowRow } from './rows.js';
import { checkShape, type Shape } from './shape.js';
import { fromWfFormat, isWfFormat } from './wf-format.js';

const PAGE: QueryShape = { limit: [1, 1000], cursor: 'text' };
const RUN: QueryShape = { taskId: 'text' };
const WORKFLOW: Shape = {
  name: { type: 'string', about: 'For people.' },
  tasks: {
    type: 'array',
    required: true,
    about: 'Nodes: { taskId, ref?, payload?, priority?, tags?, dependencies?: [{ ref | taskId, type? }] }.',
  },
};

/** Graphs of executions. */
@Controller('api/workflows')
export class WorkflowsController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Get()
  @Weighs(perItems('limit', 25, 50))
  @Operation({
    summary:
      'Workflows, newest first, with the number of their nodes by status; a page can have fewer items than its limit, and a cursor.',
    query: PAGE,
  })
  async listWorkflows(@Query(new QueryPipe(PAGE)) query: QueryValues) {
    const { items, nextCursor } = await asQuery(() => this.scheduler.listWorkflows(toListing(query)));
    return { items: items.map(workflowRow), nextCursor };
  }

  @Get(':id')
  @Weighs(() => 2)
  @Operation({ summary: 'One workflow: its graph, with the status of each node.' })
  async getWorkflow(@Param('id', new IdPipe()) id: string) {
    const workflow = await this.scheduler.getWorkflow(id);
    if (!workflow) throw new ConsoleError('WORKFLOW_NOT_FOUND', 404, `no workflow '${id}'`);
    return workflow;
  }

  @Post()
  @Weighs(() => 5)
  @RequireRole('operator')
  @Operation({
    summary:
      "Schedules a whole graph or nothing. A WfFormat document is accepted as well: its tasks become nodes (ref: the task's id), each of the task that bears its name, or all of the task of the query.",
    body: WORKFLOW,
    query: RUN,
    status: 201,
  })
  async runWorkflow(
    @Body() body: unknown,
    @Query(new QueryPipe(RUN)) { taskId }: QueryValues,
    @Req() request: ConsoleRequest,
  ) {
    const wanted = isWfFormat(body) ? fromWfFormat(body, taskId?.toString()) : checkShape(body, WORKFLOW);
    const run = await this.scheduler.runWorkflow(wanted as unknown as RunWorkflowRequest);
    request.changes = { before: null, after: { workflowId: run.workflowId } };
    return run;
  }
}
