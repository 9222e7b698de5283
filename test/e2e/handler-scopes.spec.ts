import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope, UseGuards, type Provider, type Type } from '@nestjs/common';
import { ContextIdFactory, REQUEST, type ContextIdStrategy, type HostComponentInfo } from '@nestjs/core';
import { type TestingModule } from '@nestjs/testing';
import { ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import { closeApps, runTask as run, SILENT, startModule as start } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf } from '../support/stores.js';

afterEach(closeApps);
afterAll(removeStores);

async function result(module: TestingModule, taskId: string, payload?: unknown): Promise<unknown> {
  const execution = await run(module, taskId, payload);
  expect(execution).toMatchObject({ status: 'COMPLETED', error: null });
  return execution.result;
}

@Injectable()
class Service {
  readonly name = 'service';
}

/** Fails where its constructor has not run. */
function handlers(scope: Scope, decorate: (target: Type) => void = () => undefined) {
  const made: number[] = [];
  @Injectable({ scope })
  class Handlers {
    readonly number = made.push(made.length);
    constructor(readonly service: Service) {}
    @ScheduledTask('t')
    t() {
      return [this.service.name, this.number];
    }
  }
  decorate(Handlers);
  return { Handlers, made };
}

const PASS = { canActivate: () => true };

describe('a transient class', () => {
  it.each([
    ['plain', undefined],
    ['with a guard', (target: Type) => UseGuards(PASS)(target)],
  ])('%s is created for each run', async (_how, decorate) => {
    const { Handlers } = handlers(Scope.TRANSIENT, decorate);
    const module = await start({ providers: [Service, Handlers] });
    const [[name, first], [, second]] = [await result(module, 't'), await result(module, 't')] as [
      [string, number],
      [string, number],
    ];
    expect(name).toBe('service');
    expect(second).not.toBe(first);
  });

  it('is created for each run as a controller', async () => {
    const { Handlers } = handlers(Scope.TRANSIENT, (target) => Controller({ scope: Scope.TRANSIENT })(target));
    const module = await start({ providers: [Service], controllers: [Handlers] });
    expect(await result(module, 't')).toEqual(['service', expect.any(Number)]);
  });

  it.each(STORE_NAMES)('has its own state in concurrent runs, on store %s', async (name) => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Counting {
      private n = 0;
      @ScheduledTask('count')
      async count() {
        this.n++;
        await new Promise(setImmediate);
        return this.n;
      }
    }
    const module = await start({ providers: [Counting] }, await storeOf(name));
    expect(await Promise.all([1, 2, 3].map(() => result(module, 'count')))).toEqual([1, 1, 1]);
  });
});

describe('a request-scoped provider', () => {
  it.each([
    [Scope.REQUEST, 'request-scoped'],
    [Scope.TRANSIENT, 'transient'],
    [Scope.DEFAULT, 'singleton'],
  ])('whose token is in two modules runs the handlers of both, scope %s', async (scope) => {
    const of = (name: string): Type => {
      @Injectable({ scope })
      class Handlers {
        [name]() {
          return name;
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, name)!;
      ScheduledTask(name)(Handlers.prototype, name, descriptor);
      @Module({ providers: [{ provide: 'HANDLERS', useClass: Handlers }] })
      class HandlersModule {}
      return HandlersModule;
    };
    const module = await start({ imports: [of('first'), of('second'), of('third')] });
    for (const name of ['first', 'second', 'third']) expect(await result(module, name)).toBe(name);
  });

  it('that is a controller runs, with REQUEST', async () => {
    @Controller({ scope: Scope.REQUEST })
    class Web {
      constructor(@Inject(REQUEST) readonly request: { payload: unknown; ctx: TaskContext }) {}
      @ScheduledTask('web')
      web(payload: unknown, ctx: TaskContext) {
        return this.request.payload === payload && this.request.ctx === ctx;
      }
    }
    expect(await result(await start({ controllers: [Web] }), 'web', { a: 1 })).toBe(true);
  });

  const FACTORIES: [string, (Handlers: Type) => Provider[]][] = [
    [
      'request-scoped',
      (Handlers) => [
        {
          provide: Handlers,
          scope: Scope.REQUEST,
          inject: [Service],
          useFactory: (s: Service) => new Handlers(s) as object,
        },
      ],
    ],
    [
      'transient',
      (Handlers) => [
        {
          provide: Handlers,
          scope: Scope.TRANSIENT,
          inject: [Service],
          useFactory: (s: Service) => new Handlers(s) as object,
        },
      ],
    ],
    [
      'request-scoped by what it needs',
      (Handlers) => [
        { provide: Handlers, inject: [Service, REQUEST], useFactory: (s: Service) => new Handlers(s) as object },
      ],
    ],
    [
      'asynchronous and request-scoped',
      (Handlers) => [
        {
          provide: Handlers,
          scope: Scope.REQUEST,
          inject: [Service],
          useFactory: async (s: Service) => (await Promise.resolve(), new Handlers(s) as object),
        },
      ],
    ],
  ];
  it.each(FACTORIES)('created by a factory that is %s runs', async (_how, provide) => {
    const { Handlers, made } = handlers(Scope.DEFAULT);
    const module = await start({ providers: [Service, ...provide(Handlers)] });
    expect(await result(module, 't')).toEqual(['service', expect.any(Number)]);
    const { length } = made;
    await result(module, 't');
    expect(made.length).toBeGreaterThan(length);
  });

  describe('created by a factory under a token that is not its class', () => {
    it.each([Scope.REQUEST, Scope.TRANSIENT])('is refused by name, scope %s', async (scope) => {
      @Injectable()
      class Hidden {
        @ScheduledTask('hidden')
        t() {}
      }
      const make = () => new Hidden();
      for (const useFactory of [make, async () => Promise.resolve(new Hidden())])
        await expect(start({ providers: [{ provide: 'HIDDEN', scope, useFactory }] })).rejects.toMatchObject({
          code: 'INVALID_HANDLER',
          message: expect.stringMatching(/^task 'hidden' \(Hidden\.t\): the factory of HIDDEN .*provide: Hidden/),
        });
    });

    it('causes a warning if the factory does not name it', async () => {
      const { Handlers } = handlers(Scope.DEFAULT);
      const make: () => unknown = () => new Handlers(new Service());
      const warn = jest.fn();
      const factory = { provide: 'ANYTHING', scope: Scope.REQUEST, useFactory: () => make() };
      await start({ providers: [factory] }, {}, { ...SILENT, warn });
      const texts = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('ANYTHING'));
      expect(texts).toEqual([expect.stringContaining('Handlers')]);
    });
  });
});

describe('a durable provider', () => {
  /** By tenant, as in the documentation of Nest, also for tasks. */
  class ByTenant implements ContextIdStrategy {
    private readonly tenants = new Map<string, ReturnType<typeof ContextIdFactory.create>>();
    attach(contextId: ReturnType<typeof ContextIdFactory.create>, request: any) {
      const tenant = ('ctx' in request ? request.payload : request.headers).tenant as string;
      let shared = this.tenants.get(tenant);
      if (!shared) this.tenants.set(tenant, (shared = ContextIdFactory.create()));
      return {
        resolve: (info: HostComponentInfo) => (info.isTreeDurable ? shared : contextId),
        payload: { tenant },
      };
    }
  }
  afterEach(() => ContextIdFactory.apply(undefined as never));

  function durable() {
    const made: string[] = [];
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Connection {
      readonly tenant: string;
      constructor(@Inject(REQUEST) request: { tenant: string }) {
        this.tenant = request.tenant;
        made.push(this.tenant);
      }
    }
    @Injectable()
    class Handlers {
      constructor(readonly connection: Connection) {}
      @ScheduledTask('durable')
      t() {
        return this.connection.tenant;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRun {
      constructor(
        readonly connection: Connection,
        @Inject(REQUEST) readonly request: { payload: { tenant: string } },
      ) {}
      @ScheduledTask('mixed')
      t() {
        return [this.connection.tenant, this.request.payload.tenant];
      }
    }
    return { made, providers: [Connection, Handlers, PerRun] };
  }

  it.each(STORE_NAMES)('is one for each context that the strategy of the app creates, on store %s', async (name) => {
    ContextIdFactory.apply(new ByTenant());
    const { made, providers } = durable();
    const module = await start({ providers }, await storeOf(name));
    const tenants = ['a', 'b', 'a', 'c', 'b', 'a'];
    expect(await Promise.all(tenants.map((tenant) => result(module, 'durable', { tenant })))).toEqual(tenants);
    expect(await result(module, 'mixed', { tenant: 'a' })).toEqual(['a', 'a']);
    expect(made.sort()).toEqual(['a', 'b', 'c']);
  });

  it('fails runs with a reason if the strategy supports only HTTP', async () => {
    ContextIdFactory.apply({
      attach: (_contextId, request: { headers: Record<string, string> }) => {
        const shared = { id: request.headers.tenant!.length };
        return () => shared;
      },
    });
    const { providers } = durable();
    @Injectable({ scope: Scope.REQUEST })
    class NotDurable {
      @ScheduledTask('not.durable')
      t() {
        return 1;
      }
    }
    const module = await start({ providers: [...providers, NotDurable] });
    expect((await run(module, 'durable')).error).toMatchObject({
      code: 'DURABLE_CONTEXT',
      message: expect.stringContaining('{ payload, ctx }'),
    });
    expect(await result(module, 'not.durable')).toBe(1);
  });

  it('is created for each run if the app has no strategy, as with HTTP', async () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Handlers {
      constructor(@Inject(REQUEST) readonly request: { payload: unknown }) {}
      @ScheduledTask('durable')
      t() {
        return this.request.payload;
      }
    }
    const module = await start({ providers: [Handlers] });
    expect(await result(module, 'durable', 1)).toBe(1);
    expect(await result(module, 'durable', 2)).toBe(2);
  });
});

describe('two classes', () => {
  const namesake = (answer: string): Type => {
    @Injectable()
    class Reports {
      @ScheduledTask('report')
      run() {
        return answer;
      }
    }
    return Reports;
  };

  it('of the same name with one funcPath are refused, with their modules', async () => {
    @Module({ providers: [namesake('a')] })
    class AModule {}
    @Module({ providers: [namesake('b')] })
    class BModule {}
    await expect(start({ imports: [AModule, BModule] })).rejects.toMatchObject({
      code: 'DUPLICATE_HANDLER',
      message: expect.stringContaining('Reports.run of AModule, Reports.run of BModule'),
    });
    await expect(start({ providers: [namesake('a'), namesake('b')] })).rejects.toMatchObject({
      code: 'DUPLICATE_HANDLER',
    });
  });

  it('that are the same class, in two modules, cause a warning, and the first one runs', async () => {
    const Reports = namesake('a');
    @Module({ providers: [Reports] })
    class AModule {}
    @Module({ providers: [Reports] })
    class BModule {}
    const warn = jest.fn();
    const module = await start({ imports: [AModule, BModule] }, {}, { ...SILENT, warn });
    expect(await result(module, 'report')).toBe('a');
    const texts = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('report'));
    expect(texts).toEqual([expect.stringMatching(/Reports .*AModule, BModule.*AModule handles 'report'/)]);
  });
});
