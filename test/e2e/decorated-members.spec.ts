import 'reflect-metadata';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  defineTask,
  InvalidHandlerError,
  ScheduledTask,
  SchedulerModule,
} from 'nestjs-advanced-scheduler';
import { closeApps, closeLater, runTask as run, SILENT, startModule as start } from '../support/app.js';

afterEach(closeApps);

/** Replaces the function without its metadata, as many decorators do. */
function Wrapped(tag: string): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as (...args: unknown[]) => unknown;
    return {
      ...descriptor,
      value: function (this: unknown, ...args: unknown[]) {
        return `${tag}(${String(original.apply(this, args))})`;
      },
    } as never;
  };
}

describe('a decorator that replaces the method', () => {
  @Injectable()
  class Handlers {
    readonly name = 'inner';
    @Wrapped('above')
    @ScheduledTask('above')
    above() {
      return this.name;
    }
    @ScheduledTask('below')
    @Wrapped('below')
    below() {
      return this.name;
    }
    @Wrapped('a')
    @Wrapped('b')
    @ScheduledTask('twice')
    @Wrapped('c')
    twice() {
      return this.name;
    }
  }
  class Child extends Handlers {}

  it.each([
    ['above', 'above(inner)'],
    ['below', 'below(inner)'],
    ['twice', 'a(b(c(inner)))'],
  ])('%s @ScheduledTask is part of the handler', async (taskId, expected) => {
    for (const provider of [Handlers, Child])
      expect((await run(await start({ providers: [provider] }), taskId)).result).toBe(expected);
  });

  it.each(['below', 'above', 'both'])('keeps a guard that is bound %s', async (where) => {
    const closed = { canActivate: () => false };
    const openGuard = { canActivate: () => true };
    class Guarded {
      ran = 0;
      run() {
        this.ran++;
      }
    }
    const decorators: Record<string, MethodDecorator[]> = {
      below: [ScheduledTask('guarded'), UseGuards(closed), Wrapped('x')],
      above: [ScheduledTask('guarded'), Wrapped('x'), UseGuards(closed)],
      both: [UseGuards(closed), ScheduledTask('guarded'), Wrapped('x'), UseGuards(openGuard)],
    };
    let descriptor = Object.getOwnPropertyDescriptor(Guarded.prototype, 'run')!;
    for (const decorate of decorators[where]!)
      descriptor = (decorate(Guarded.prototype, 'run', descriptor) as PropertyDescriptor | undefined) ?? descriptor;
    Object.defineProperty(Guarded.prototype, 'run', descriptor);
    Injectable()(Guarded);
    const module = await start({ providers: [Guarded] });
    expect((await run(module, 'guarded')).reason).toBe('FORBIDDEN');
    expect(module.get(Guarded).ran).toBe(0);
  });

  it('on an accessor is refused by name', async () => {
    const Autobind: MethodDecorator = (_target, _key, descriptor) =>
      ({ configurable: true, get: () => descriptor.value }) as never;
    @Injectable()
    class Bound {
      @Autobind
      @ScheduledTask('bound')
      run() {}
    }
    await expect(start({ providers: [Bound] })).rejects.toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringMatching(/'bound' .*Bound\.run/),
    });
  });
});

describe('a method', () => {
  it('that a mixin copies is a handler in its target class', async () => {
    class Mixin {
      @ScheduledTask('mixed')
      mixed() {
        return this.constructor.name;
      }
    }
    @Injectable()
    class Target {}
    Object.defineProperties(Target.prototype, { mixed: Object.getOwnPropertyDescriptor(Mixin.prototype, 'mixed')! });
    expect((await run(await start({ providers: [Target] }), 'mixed')).result).toBe('Target');
  });

  it('that a class overrides is its handler only if it is decorated again', async () => {
    class Base {
      @ScheduledTask('overridden')
      t(): string {
        return 'base';
      }
    }
    @Injectable()
    class Bare extends Base {
      override t(): string {
        return 'bare';
      }
    }
    @Injectable()
    class Again extends Base {
      @ScheduledTask('again')
      override t(): string {
        return 'again';
      }
    }
    const module = await start({ providers: [Bare, Again] });
    expect([...module.get(AdvancedTaskScheduler).taskDefinitions.keys()]).toEqual(['again']);
  });

  it.each([false, true])(
    'that a test spies on after a run is replaced by the spy, with its guard: %s',
    async (isGuarded) => {
      @Injectable()
      class Handlers {
        @ScheduledTask('spied')
        t() {
          return 'original';
        }
      }
      if (isGuarded) UseGuards({ canActivate: () => true })(Handlers);
      const module = await start({ providers: [Handlers] });
      expect((await run(module, 'spied')).result).toBe('original');
      jest.spyOn(module.get(Handlers), 't').mockReturnValue('spy');
      expect((await run(module, 'spied')).result).toBe('spy');
    },
  );
});

describe('@ScheduledTask is refused by name', () => {
  const decorate = ScheduledTask('odd') as (...args: unknown[]) => unknown;
  class Reports {
    run() {}
  }
  const prototype = Reports.prototype;
  const symbol = Symbol('run');

  it.each<[string, () => unknown, RegExp]>([
    ['at a static method', () => decorate(Reports, 'run', { value: () => 1 }), /Reports\.run\).*static/],
    [
      'at a method named by a symbol',
      () => decorate(prototype, symbol, { value: () => 1 }),
      /Reports\.Symbol\(run\)\)/,
    ],
    ['at an arrow function', () => decorate(prototype, 'run', undefined), /Reports\.run\).*arrow function/],
    ['at an accessor', () => decorate(prototype, 'run', { get: () => 1 }), /Reports\.run\).*accessor/],
    ['at a class', () => decorate(Reports), /Reports\).*class/],
    ['at a parameter', () => decorate(prototype, 'run', 0), /Reports\.run\).*parameter/],
    [
      'as a decorator of the standard, at a method',
      () => decorate(() => 1, { kind: 'method', name: 'run', static: false, private: false }),
      /method run\).*experimentalDecorators/,
    ],
    [
      'as a decorator of the standard, at a field',
      () => decorate(undefined, { kind: 'field', name: 'run' }),
      /field run\).*experimentalDecorators/,
    ],
  ])('%s', (_where, place, message) => {
    expect(place).toThrow(InvalidHandlerError);
    expect(place).toThrow(message);
    expect(place).toThrow(/^task 'odd' \(/);
  });

  it('with options in addition to a reference', () => {
    const both = (ScheduledTask as (...args: unknown[]) => MethodDecorator)(defineTask('odd'), { timeout: '5m' });
    expect(() => both(prototype, 'run', { value: () => 1 })).toThrow(/^task 'odd' \(Reports\.run\).*defineTask/);
  });

  it('in the class syntax of decorators', () => {
    expect(() => {
      class Odd {
        // The types allow methods only.
        @(ScheduledTask('odd') as unknown as PropertyDecorator)
        run = () => 1;
      }
      return Odd;
    }).toThrow(/'odd' \(Odd\.run\)/);
    expect(() => {
      class Odd {
        @ScheduledTask('odd')
        static run() {}
      }
      return Odd;
    }).toThrow(/'odd' \(Odd\.run\)/);
  });
});

describe('a scheduler that no module registers', () => {
  @Injectable()
  class Handlers {
    @ScheduledTask('mail', { scheduler: 'mial' })
    t() {}
  }
  @Injectable()
  class ByFactory {
    @ScheduledTask('mail', { useFactory: () => ({}), scheduler: 'mial' })
    t() {}
  }
  @Injectable()
  class Nameless {
    @ScheduledTask('mail')
    t() {}
  }

  it.each([Handlers, ByFactory])('is refused by name: %p', async (provider) => {
    const starting = start({ imports: [SchedulerModule.forRoot({ name: 'mail' })], providers: [provider] });
    await expect(starting).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      field: 'scheduler',
      message: expect.stringMatching(/^task 'mail' \(\w+\.t\): scheduler: "mial" .*'mail'/),
    });
  });

  it('is refused if a task names none, and all have names', async () => {
    const module = Test.createTestingModule({
      imports: [SchedulerModule.forRoot({ name: 'mail' })],
      providers: [Nameless],
    }).setLogger(SILENT);
    const app = await module.compile();
    closeLater(app);
    await expect(app.init()).rejects.toMatchObject({ field: 'scheduler', message: expect.stringContaining("'mail'") });
  });
});
