import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { IsInt, IsString, Min } from 'class-validator';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
  type TaskContext,
  type TaskExecution,
} from 'nestjs-advanced-scheduler';
import { map } from 'rxjs';
import { SILENT } from '../support/app.js';

let module: TestingModule;
afterEach(() => module.close());

/** Runs the task once in an app of these providers. */
async function run(
  metadata: ModuleMetadata,
  taskId: string,
  payload?: unknown,
  options: SchedulerModuleOptions = {},
): Promise<TaskExecution> {
  module = await Test.createTestingModule({ ...metadata, imports: [SchedulerModule.forRoot(options)] })
    .setLogger(SILENT)
    .compile();
  await module.init();
  const scheduler = module.get(AdvancedTaskScheduler);
  return scheduler.waitForExecution(await scheduler.scheduleTask(taskId, { payload }));
}

const retryConfig = { strategy: 'FIXED', initialDelay: '1ms', maxAttempts: 3 } as const;

describe('scopes', () => {
  it('create one request-scoped instance for each attempt, with REQUEST', async () => {
    const made: number[] = [];
    const destroyed: object[] = [];

    @Injectable({ scope: Scope.REQUEST })
    class PerAttempt {
      readonly number = made.push(made.length);
      constructor(@Inject(REQUEST) readonly request: { payload: { n: number }; ctx: TaskContext }) {}
    }
    @Injectable()
    class Handlers {
      readonly born = destroyed.push(this);
      constructor(
        readonly one: PerAttempt,
        readonly same: PerAttempt,
      ) {}

      @ScheduledTask('t', { retryConfig })
      t(payload: { n: number }, ctx: TaskContext) {
        if (ctx.attempt < 3) throw new Error('again');
        const { request } = this.one;
        return {
          same: this.one === this.same,
          payload: request.payload.n === payload.n,
          ctx: request.ctx === ctx,
          number: this.one.number,
        };
      }
    }
    const execution = await run({ providers: [Handlers, PerAttempt] }, 't', { n: 7 });
    expect(execution.result).toEqual({ same: true, payload: true, ctx: true, number: 3 });
    expect(made).toHaveLength(3);
    expect(destroyed).toHaveLength(3);
  });

  it('create a transient provider as Nest does, once for its singleton', async () => {
    let made = 0;
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      readonly n = ++made;
    }
    @Injectable()
    class Handlers {
      constructor(readonly transient: Transient) {}
      @ScheduledTask('t')
      t() {
        return this.transient.n;
      }
    }
    expect((await run({ providers: [Handlers, Transient] }, 't')).result).toBe(1);
    const scheduler = module.get(AdvancedTaskScheduler);
    expect((await scheduler.waitForExecution(await scheduler.scheduleTask('t'))).result).toBe(1);
  });
});

describe('guards', () => {
  @Injectable()
  class Closed implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const [payload, ctx] = context.getArgs<[{ open: boolean }, TaskContext]>();
      return payload.open && ctx.taskId === 't' && context.getType<string>() === 'scheduler';
    }
  }
  class Throwing implements CanActivate {
    canActivate(): boolean {
      throw new ForbiddenException('not you');
    }
  }
  @Injectable()
  class Handlers {
    runs = 0;
    @UseGuards(Closed)
    @ScheduledTask('t', { retryConfig })
    t() {
      return ++this.runs;
    }
    @UseGuards(new Throwing())
    @ScheduledTask('throwing', { retryConfig })
    throwing() {
      return ++this.runs;
    }
    @ScheduledTask('own', { retryConfig })
    own(_payload: unknown, ctx: TaskContext) {
      if (ctx.attempt < 2) throw new ForbiddenException('by the handler itself');
      return 'ok';
    }
  }

  it('refuse a run permanently', async () => {
    const execution = await run({ providers: [Handlers, Closed] }, 't', { open: false });
    expect(execution).toMatchObject({ status: 'FAILED', reason: 'FORBIDDEN', retryCount: 0 });
    expect(module.get(Handlers).runs).toBe(0);
  });

  it('allow a run, and see payload and context', async () => {
    expect(await run({ providers: [Handlers, Closed] }, 't', { open: true })).toMatchObject({ result: 1 });
  });

  it('that throw refuse with their error', async () => {
    const execution = await run({ providers: [Handlers, Closed] }, 'throwing');
    expect(execution).toMatchObject({ status: 'FAILED', reason: 'FORBIDDEN', error: { message: 'not you' } });
  });

  it('are distinguished from a handler that throws the same error', async () => {
    expect(await run({ providers: [Handlers, Closed] }, 'own')).toMatchObject({ status: 'COMPLETED', retryCount: 1 });
  });
});

describe('interceptors, pipes and filters', () => {
  class Order {
    @IsString() item!: string;
    @IsInt() @Min(1) count!: number;
    total(): number {
      return this.count * 2;
    }
  }
  const calls: string[] = [];
  class Around implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      calls.push(`${context.getClass().name}.${context.getHandler().name} ${context.getType()}`);
      return next.handle().pipe(map((result: unknown) => ({ result, by: 'interceptor' })));
    }
  }
  class Seen implements PipeTransform {
    transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
      calls.push(`pipe ${type} ${metatype?.name}`);
      return value;
    }
  }
  @Catch(BadRequestException)
  class BadRequests implements ExceptionFilter {
    catch(error: BadRequestException, host: ArgumentsHost) {
      calls.push(`filter ${host.getType()} ${host.getArgs().length}`);
      throw new Error(`filtered: ${error.message}`);
    }
  }
  @Catch()
  class Forgiving implements ExceptionFilter {
    catch(): unknown {
      return 'made good';
    }
  }
  @Injectable()
  class Handlers {
    @UseInterceptors(Around)
    @ScheduledTask('around')
    around() {
      return 'inner';
    }
    @UsePipes(new ValidationPipe({ transform: true }), new Seen())
    @ScheduledTask('validated', { retryConfig })
    validated(order: Order, ctx: TaskContext) {
      return { isOrder: order instanceof Order, total: order.total(), attempt: ctx.attempt, id: ctx.executionId };
    }
    @UseFilters(new BadRequests())
    @UsePipes(new ValidationPipe())
    @ScheduledTask('filtered')
    filtered(_order: Order) {
      return 'never';
    }
    @UseFilters(new Forgiving())
    @ScheduledTask('forgiven')
    forgiven() {
      throw new Error('bad');
    }
    @ScheduledTask('plain')
    plain() {
      return 'plain';
    }
  }
  afterEach(() => void calls.splice(0));

  it('wrap the handler', async () => {
    const { result } = await run({ providers: [Handlers, Around] }, 'around');
    expect(result).toEqual({ result: 'inner', by: 'interceptor' });
    expect(calls).toEqual(['Handlers.around scheduler']);
  });

  it('transform the payload into an instance of its class, and do not change the context', async () => {
    const execution = await run({ providers: [Handlers] }, 'validated', { item: 'tea', count: 3 });
    expect(execution.result).toEqual({ isOrder: true, total: 6, attempt: 1, id: execution.executionId });
    expect(calls).toEqual(['pipe body Order']);
  });

  it('refuse an invalid payload', async () => {
    const execution = await run({ providers: [Handlers] }, 'validated', { item: 5, count: 0 });
    expect(execution).toMatchObject({ status: 'FAILED', error: { name: 'BadRequestException' } });
  });

  it('pass errors to a filter bound to the handler', async () => {
    expect(await run({ providers: [Handlers] }, 'filtered', {})).toMatchObject({
      status: 'FAILED',
      error: { message: expect.stringMatching(/^filtered: /) },
    });
    expect(calls).toEqual(['filter scheduler 2']);
  });

  it('let a filter return a result instead', async () => {
    expect(await run({ providers: [Handlers] }, 'forgiven')).toMatchObject({
      status: 'COMPLETED',
      result: 'made good',
    });
  });

  const global = (heard: string[]): ModuleMetadata => {
    class Guard implements CanActivate {
      canActivate = (context: ExecutionContext) => heard.push(`guard ${context.getType()}`) > 0;
    }
    class Interceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        heard.push('interceptor');
        return next.handle();
      }
    }
    class Pipe implements PipeTransform {
      transform(value: unknown): unknown {
        heard.push('pipe');
        return value;
      }
    }
    @Catch()
    class Filter implements ExceptionFilter {
      catch(error: Error) {
        heard.push('filter');
        throw error;
      }
    }
    @Injectable()
    class Failing {
      @ScheduledTask('fails')
      fails(_payload: unknown) {
        throw new Error('fails');
      }
    }
    return {
      providers: [
        Failing,
        Handlers,
        { provide: APP_GUARD, useClass: Guard },
        { provide: APP_INTERCEPTOR, useClass: Interceptor },
        { provide: APP_PIPE, useClass: Pipe },
        { provide: APP_FILTER, useClass: Filter },
      ],
    };
  };

  it('that are global do not apply by default', async () => {
    const heard: string[] = [];
    expect((await run(global(heard), 'fails')).error!.message).toBe('fails');
    expect(heard).toEqual([]);
  });

  it('that are global do not apply to handlers with their own enhancers either', async () => {
    const heard: string[] = [];
    expect((await run(global(heard), 'around')).result).toEqual({ result: 'inner', by: 'interceptor' });
    expect(heard).toEqual([]);
  });

  it('that are global apply with applyGlobal', async () => {
    const heard: string[] = [];
    const execution = await run(global(heard), 'fails', { a: 1 }, { applyGlobal: true });
    expect(execution).toMatchObject({ status: 'FAILED', error: { message: 'fails' } });
    expect(heard).toEqual(['guard scheduler', 'interceptor', 'pipe', 'filter']);
  });
});

describe('the class of a handler', () => {
  it('is any provider or controller, however it is created', async () => {
    class Base {
      @ScheduledTask('inherited')
      inherited() {
        return `inherited by ${this.constructor.name}`;
      }
    }
    @Injectable()
    class Child extends Base {}

    class ByFactory {
      constructor(private readonly greeting: string) {}
      @ScheduledTask('factory')
      greet() {
        return this.greeting;
      }
    }
    @Controller()
    class Web {
      readonly name = 'controller';
      @Get()
      @ScheduledTask('controller')
      get() {
        return this.name;
      }
    }
    @Injectable()
    class ByHand {
      readonly answer = 42;
      method() {
        return this.answer;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(ByHand.prototype, 'method')!;
    ScheduledTask('by.hand', { taskId: 'byHand' })(ByHand.prototype, 'method', descriptor);

    @Injectable()
    class Twice {
      @ScheduledTask('twice.a')
      @ScheduledTask('twice.b', { payload: 'b' })
      both(payload: string, ctx: TaskContext) {
        return `${ctx.taskId} ${payload}`;
      }
    }
    module = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot()],
      controllers: [Web],
      providers: [
        Child,
        ByHand,
        Twice,
        { provide: 'factory', useFactory: () => new ByFactory('hello') },
        { provide: 'alias', useExisting: Child },
      ],
    }).compile();
    await module.init();
    const scheduler = module.get(AdvancedTaskScheduler);
    const result = async (id: string): Promise<unknown> =>
      (await scheduler.waitForExecution(await scheduler.scheduleTask(id))).result;
    expect(await result('inherited')).toBe('inherited by Child');
    expect(await result('factory')).toBe('hello');
    expect(await result('controller')).toBe('controller');
    expect(await result('byHand')).toBe(42);
    expect(await result('twice.a')).toBe('twice.a undefined');
    expect(await result('twice.b')).toBe('twice.b b');
  });

  it('must be one class for one funcPath', async () => {
    @Injectable()
    class A {
      @ScheduledTask('same')
      a() {}
    }
    @Injectable()
    class B {
      @ScheduledTask('same', { taskId: 'another' })
      b() {}
    }
    module = await Test.createTestingModule({ imports: [SchedulerModule.forRoot()], providers: [A, B] })
      .setLogger(SILENT)
      .compile();
    await expect(module.init()).rejects.toMatchObject({
      code: 'DUPLICATE_HANDLER',
      message: expect.stringContaining('A.a, B.b'),
    });
  });
});
