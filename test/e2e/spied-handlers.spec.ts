import 'reflect-metadata';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Scope, UseGuards, UseInterceptors, type CallHandler, type CanActivate } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import { closeApps, startApp } from '../support/app.js';

let isAllowed = true;

@Injectable()
class Gate implements CanActivate {
  canActivate(): boolean {
    return isAllowed;
  }
}

@Injectable()
class Loud {
  intercept(_context: unknown, next: CallHandler): Observable<string> {
    return next.handle().pipe(map((result) => `${String(result)}!`));
  }
}

@Injectable()
class Plain {
  @ScheduledTask('plain')
  run(payload: string, _ctx: TaskContext): string {
    return `real ${payload}`;
  }
}

@Injectable()
class Guarded {
  @ScheduledTask('guarded')
  @UseGuards(Gate)
  @UseInterceptors(Loud)
  run(payload: string, _ctx: TaskContext): string {
    return `real ${payload}`;
  }
}

@Injectable({ scope: Scope.REQUEST })
class Scoped {
  @ScheduledTask('scoped')
  @UseInterceptors(Loud)
  run(payload: string, _ctx: TaskContext): string {
    return `real ${payload}`;
  }
}

afterEach(async () => {
  jest.restoreAllMocks();
  isAllowed = true;
  await closeApps();
});

async function start(provider: new () => { run: (payload: string, ctx: TaskContext) => string }, taskId: string) {
  const { module, scheduler } = await startApp({}, {}, { providers: [provider, Gate, Loud] });
  const run = async (payload: string) => {
    const { result, error } = await scheduler.waitForExecution(await scheduler.scheduleTask(taskId, { payload }));
    return error?.name ?? result;
  };
  return { module, run };
}

describe('a handler that a test replaces', () => {
  it.each([
    ['plain', Plain, ''],
    ['guarded', Guarded, '!'],
  ])('calls the replacement, before and after the first run: %s', async (taskId, provider, mark) => {
    const { module, run } = await start(provider, taskId);
    const instance = module.get(provider);
    const early = jest.spyOn(instance, 'run').mockReturnValueOnce('spied');
    expect(await run('a')).toBe(`spied${mark}`);
    expect(await run('b')).toBe(`real b${mark}`);
    expect(early.mock.calls.map(([payload, ctx]) => [payload, ctx.taskId])).toEqual([
      ['a', taskId],
      ['b', taskId],
    ]);
    early.mockRestore();
    expect(await run('c')).toBe(`real c${mark}`);
    const late = jest.spyOn(instance, 'run').mockReturnValue('late');
    expect(await run('d')).toBe(`late${mark}`);
    expect(late).toHaveBeenCalledTimes(1);
    late.mockRestore();
    jest.spyOn(provider.prototype, 'run').mockReturnValue('of the class');
    expect(await run('e')).toBe(`of the class${mark}`);
  });

  it('keeps its guards', async () => {
    const { module, run } = await start(Guarded, 'guarded');
    isAllowed = false;
    const spy = jest.spyOn(module.get(Guarded), 'run').mockReturnValue('spied');
    expect(await run('a')).toBe('ForbiddenException');
    isAllowed = true;
    expect(await run('b')).toBe('spied!');
    isAllowed = false;
    expect(await run('c')).toBe('ForbiddenException');
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('can be of an instance that is created for each run', async () => {
    const { run } = await start(Scoped, 'scoped');
    expect(await run('a')).toBe('real a!');
    jest.spyOn(Scoped.prototype, 'run').mockReturnValue('spied');
    expect(await run('b')).toBe('spied!');
  });
});
