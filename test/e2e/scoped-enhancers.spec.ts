import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  createParamDecorator,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
  type TaskContext,
} from 'nestjs-advanced-scheduler';
import { map } from 'rxjs';
import { closeApps, closeLater, runTask as run, SILENT, startModule } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf } from '../support/stores.js';

afterEach(closeApps);
afterAll(removeStores);

function start(metadata: ModuleMetadata, options: SchedulerModuleOptions = {}): Promise<TestingModule> {
  return startModule(metadata, { applyGlobal: true, ...options });
}

/** What an enhancer gets in its constructor: an instance without a constructor call does not have it. */
@Injectable()
class Rights {
  readonly made: object[] = [];
  isOpen = false;
}

/** The four kinds, of one scope, each of which proves that its constructor has run. */
function kinds(scope: Scope) {
  @Injectable({ scope })
  class Guard implements CanActivate {
    constructor(readonly rights: Rights) {
      rights.made.push(this);
    }
    canActivate(context: ExecutionContext): boolean {
      return context.getType<string>() === 'scheduler' && this.rights.isOpen;
    }
  }
  @Injectable({ scope })
  class Interceptor implements NestInterceptor {
    constructor(readonly rights: Rights) {
      rights.made.push(this);
    }
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(map((value) => ({ intercepted: value as unknown, rights: this.rights.isOpen })));
    }
  }
  @Injectable({ scope })
  class Pipe implements PipeTransform {
    constructor(readonly rights: Rights) {
      rights.made.push(this);
    }
    transform(value: unknown): unknown {
      return { piped: value, rights: this.rights.isOpen };
    }
  }
  @Catch()
  @Injectable({ scope })
  class Filter implements ExceptionFilter {
    constructor(readonly rights: Rights) {
      rights.made.push(this);
    }
    catch(_error: Error, _host: ArgumentsHost): never {
      throw new Error(`filtered ${this.rights.isOpen}`);
    }
  }
  return { Guard, Interceptor, Pipe, Filter };
}

const SCOPES = [
  ['request-scoped', Scope.REQUEST],
  ['transient', Scope.TRANSIENT],
  ['singleton', Scope.DEFAULT],
] as const;

const WAYS: Record<string, (token: string, enhancer: Type, scope: Scope) => Provider[]> = {
  useClass: (token, enhancer) => [{ provide: token, useClass: enhancer }],
  useFactory: (token, enhancer, scope) => [
    { provide: token, scope, inject: [Rights], useFactory: (rights: Rights) => new enhancer(rights) as unknown },
  ],
  'useExisting with its scope': (token, enhancer, scope) => [
    enhancer,
    { provide: token, useExisting: enhancer, scope } as Provider,
  ],
};

@Injectable()
class Handlers {
  ran = 0;
  @ScheduledTask('t')
  t(payload: unknown) {
    this.ran++;
    return payload;
  }
  @ScheduledTask('fails')
  fails() {
    throw new Error('by the handler');
  }
}

describe.each(SCOPES)('global enhancers that are %s', (_name, scope) => {
  describe.each(Object.entries(WAYS))('by %s', (_way, provide) => {
    const global = (token: string, kind: keyof ReturnType<typeof kinds>): ModuleMetadata => ({
      providers: [Handlers, Rights, ...provide(token, kinds(scope)[kind] as Type, scope)],
    });

    it('guard', async () => {
      const module = await start(global(APP_GUARD, 'Guard'));
      expect(await run(module, 't')).toMatchObject({ status: 'FAILED', reason: 'FORBIDDEN' });
      expect(module.get(Handlers).ran).toBe(0);
      module.get(Rights).isOpen = true;
      expect((await run(module, 't')).status).toBe('COMPLETED');
    });

    it('interceptor', async () => {
      const module = await start(global(APP_INTERCEPTOR, 'Interceptor'));
      expect((await run(module, 't', 1)).result).toEqual({ intercepted: 1, rights: false });
    });

    it('pipe', async () => {
      const module = await start(global(APP_PIPE, 'Pipe'));
      expect((await run(module, 't', 1)).result).toEqual({ piped: 1, rights: false });
    });

    it('filter', async () => {
      const module = await start(global(APP_FILTER, 'Filter'));
      expect((await run(module, 'fails')).error).toMatchObject({ message: 'filtered false' });
    });
  });
});

describe('a global guard', () => {
  it.each(STORE_NAMES)('that is request-scoped sees each run, on store %s', async (name) => {
    const seen: unknown[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Guard implements CanActivate {
      constructor(@Inject(REQUEST) readonly request: { payload: { tenant: string }; ctx: TaskContext }) {}
      canActivate(): boolean {
        seen.push([this.request.payload.tenant, this.request.ctx.taskId]);
        return this.request.payload.tenant !== 'c';
      }
    }
    const module = await start({ providers: [Handlers, { provide: APP_GUARD, useClass: Guard }] }, await storeOf(name));
    const runs = await Promise.all(['a', 'b', 'c'].map((tenant) => run(module, 't', { tenant })));
    expect(runs.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED', 'FAILED']);
    expect(seen.sort()).toEqual([
      ['a', 't'],
      ['b', 't'],
      ['c', 't'],
    ]);
  });

  it('that cannot be created blocks every run', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Guard implements CanActivate {
      constructor() {
        throw new Error('no rights');
      }
      canActivate(): boolean {
        return true;
      }
    }
    const module = await start({ providers: [Handlers, { provide: APP_GUARD, useClass: Guard }] });
    expect(await run(module, 't')).toMatchObject({ status: 'FAILED', error: { message: 'no rights' } });
    expect(module.get(Handlers).ran).toBe(0);
  });

  it('set after the start, even after a run, applies from then on', async () => {
    const module = await start({ providers: [Handlers] });
    const app = module.createNestApplication({ logger: false });
    expect((await run(module, 't')).status).toBe('COMPLETED');
    app.useGlobalGuards({ canActivate: () => false });
    expect(await run(module, 't')).toMatchObject({ status: 'FAILED', reason: 'FORBIDDEN' });
  });

  it('does not change the provider of the handler: one instance, by get and by injection', async () => {
    @Injectable()
    class Other {
      constructor(readonly handlers: Handlers) {}
    }
    const { Guard } = kinds(Scope.REQUEST);
    const module = await start({ providers: [Handlers, Other, Rights, { provide: APP_GUARD, useClass: Guard }] });
    module.get(Rights).isOpen = true;
    await run(module, 't');
    expect(module.get(Other).handlers).toBe(module.get(Handlers));
    expect(module.get(Handlers).ran).toBe(1);
  });

  it('that is transient is one for each handler', async () => {
    const { Guard } = kinds(Scope.TRANSIENT);
    const module = await start({ providers: [Handlers, Rights, { provide: APP_GUARD, useClass: Guard }] });
    await run(module, 't');
    const { length } = module.get(Rights).made;
    for (let i = 0; i < 3; i++) await run(module, 't');
    expect(module.get(Rights).made).toHaveLength(length);
  });

  it('by an alias without a scope applies, or is refused by Nest at the start', async () => {
    for (const scope of [Scope.REQUEST, Scope.TRANSIENT]) {
      const { Guard } = kinds(scope);
      const providers = [Handlers, Rights, Guard, { provide: APP_GUARD, useExisting: Guard }];
      const outcome = await start({ providers }).then(
        async (module) => (await run(module, 't')).reason,
        (error: Error) => `refused: ${error.message}`,
      );
      expect(outcome).toMatch(/^refused: .*APP_GUARD|^FORBIDDEN$/s);
    }
  });

  it('does not apply to handlers without applyGlobal, whatever its scope', async () => {
    const { Guard } = kinds(Scope.REQUEST);
    const providers = [Handlers, Rights, { provide: APP_GUARD, useClass: Guard }];
    const module = await start({ providers }, { applyGlobal: false });
    expect((await run(module, 't')).status).toBe('COMPLETED');
  });
});

/** Records what each binding of enhancers does with them. */
function bound(scope: Scope, where: 'class' | 'method') {
  const { Guard, Interceptor, Pipe, Filter } = kinds(scope);
  const all = [UseGuards(Guard), UseInterceptors(Interceptor), UsePipes(Pipe), UseFilters(Filter)];
  class Bound {
    ran = 0;
    run(payload: unknown) {
      this.ran++;
      return payload;
    }
    fail() {
      throw new Error('by the handler');
    }
  }
  for (const [key, funcPath] of [
    ['run', 'bound.run'],
    ['fail', 'bound.fail'],
  ] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(Bound.prototype, key)!;
    ScheduledTask(funcPath)(Bound.prototype, key, descriptor);
    if (where === 'method') for (const decorate of all) (decorate as MethodDecorator)(Bound.prototype, key, descriptor);
  }
  if (where === 'class') for (const decorate of all) (decorate as ClassDecorator)(Bound);
  return Bound;
}

const BOUND: Record<string, (Bound: Type) => ModuleMetadata> = {
  'a provider': (Bound) => {
    Injectable()(Bound);
    return { providers: [Bound, Rights] };
  },
  'a controller': (Bound) => {
    Controller()(Bound);
    return { controllers: [Bound], providers: [Rights] };
  },
  'a request-scoped provider': (Bound) => {
    Injectable({ scope: Scope.REQUEST })(Bound);
    return { providers: [Bound, Rights] };
  },
  'a request-scoped controller': (Bound) => {
    Controller({ scope: Scope.REQUEST })(Bound);
    return { controllers: [Bound], providers: [Rights] };
  },
  'a transient provider': (Bound) => {
    Injectable({ scope: Scope.TRANSIENT })(Bound);
    return { providers: [Bound, Rights] };
  },
};

describe.each([false, true])('enhancers bound with decorators, applyGlobal %s,', (applyGlobal) => {
  describe.each(SCOPES)('%s', (_name, scope) => {
    it.each(
      Object.keys(BOUND).flatMap((host) => (['class', 'method'] as const).map((where) => [host, where] as const)),
    )('apply to %s, at its %s', async (host, where) => {
      const module = await start(BOUND[host]!(bound(scope, where)), { applyGlobal });
      // A filter of the method itself has the refusal, too.
      expect((await run(module, 'bound.run')).status).toBe('FAILED');
      module.get(Rights).isOpen = true;
      expect((await run(module, 'bound.run', 1)).result).toEqual({
        intercepted: { piped: 1, rights: true },
        rights: true,
      });
      expect((await run(module, 'bound.fail')).error).toMatchObject({ message: 'filtered true' });
    });
  });
});

describe('enhancers of a class that is in two modules', () => {
  it('are those of the module whose instance runs', async () => {
    const { Guard } = kinds(Scope.DEFAULT);
    @UseGuards(Guard)
    @Injectable()
    class Bound {
      @ScheduledTask('bound')
      run() {
        return 1;
      }
    }
    const open = { isOpen: true, made: [] };
    @Module({ providers: [Bound, { provide: Rights, useValue: open }] })
    class First {}
    @Module({ providers: [Bound, { provide: Rights, useValue: { isOpen: false, made: [] } }] })
    class Second {}
    expect((await run(await start({ imports: [First, Second] }), 'bound')).status).toBe('COMPLETED');
    expect((await run(await start({ imports: [Second, First] }), 'bound')).status).toBe('FAILED');
  });
});

describe('an enhancer that Nest does not create', () => {
  const { Guard, Pipe } = kinds(Scope.DEFAULT);
  const Param = createParamDecorator((_data, context: ExecutionContext) => context.getArgs<[unknown]>()[0]);

  @UseGuards(Guard)
  class OfClass {
    @ScheduledTask('t')
    t() {}
  }
  class OfMethod {
    @UseGuards(Guard)
    @ScheduledTask('t')
    t() {}
  }
  class OfParam {
    @ScheduledTask('t')
    t(@Param(Pipe) _value: unknown) {}
  }

  it.each([
    ['the class of a factory', [Rights, { provide: 'x', useFactory: () => new OfClass() }], 'OfClass.t', 'Guard'],
    ['a method of a value', [Rights, { provide: 'x', useValue: new OfMethod() }], 'OfMethod.t', 'Guard'],
    ['a parameter of a factory', [Rights, { provide: 'x', useFactory: () => new OfParam() }], 'OfParam.t', 'Pipe'],
  ])('is refused by name at %s', async (_where, providers, place, enhancer) => {
    for (const applyGlobal of [false, true])
      await expect(start({ providers }, { applyGlobal })).rejects.toMatchObject({
        code: 'INVALID_HANDLER',
        message: expect.stringMatching(new RegExp(`'t' .*${place}.*${enhancer}`)),
      });
  });

  it('applies if it is an instance', async () => {
    class Bound {
      @UseGuards({ canActivate: () => false })
      @ScheduledTask('t')
      t() {}
    }
    const module = await start({ providers: [{ provide: 'x', useFactory: () => new Bound() }] });
    expect((await run(module, 't')).reason).toBe('FORBIDDEN');
  });

  it('of a class under another token applies, or is refused', async () => {
    for (const Bound of [OfClass, OfMethod]) {
      const outcome = await start({ providers: [Rights, { provide: 'x', useClass: Bound }] }).then(
        async (module) => (await run(module, 't')).reason,
        (error: Error & { code?: string }) => error.code,
      );
      expect(['FORBIDDEN', 'INVALID_HANDLER']).toContain(outcome);
    }
  });
});

describe('a guard that a test overrides', () => {
  it.each(SCOPES)('is replaced: %s', async (_name, scope) => {
    const { Guard } = kinds(scope);
    @UseGuards(Guard)
    @Injectable()
    class Bound {
      @ScheduledTask('bound')
      run() {
        return 1;
      }
    }
    const module = await Test.createTestingModule({ imports: [SchedulerModule.forRoot()], providers: [Bound, Rights] })
      .overrideGuard(Guard)
      .useValue({ canActivate: () => true })
      .setLogger(SILENT)
      .compile();
    closeLater(module);
    await module.init();
    expect((await run(module, 'bound')).result).toBe(1);
  });
});

describe('a controller that serves HTTP as well', () => {
  it('keeps its scope with request-scoped global guards', async () => {
    const { Guard } = kinds(Scope.REQUEST);
    @Controller()
    class Web {
      @Get()
      @ScheduledTask('web')
      get() {
        return 'web';
      }
    }
    const module = await start({ controllers: [Web], providers: [Rights, { provide: APP_GUARD, useClass: Guard }] });
    expect((await run(module, 'web')).reason).toBe('FORBIDDEN');
    module.get(Rights).isOpen = true;
    expect((await run(module, 'web')).result).toBe('web');
  });
});
