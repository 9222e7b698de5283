import { Injectable, Module, UseInterceptors, type CallHandler, type NestInterceptor } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import { Readable } from 'node:stream';
import { EMPTY, NEVER, Observable, concat, defer, from, map, of, throwError, timer } from 'rxjs';
import { closeApps, gate, startApp, startKit } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';

afterEach(closeApps);

/** An Observable that never completes, and reports its subscription and unsubscription. */
function watched() {
  const subscribed = gate();
  const left = gate();
  const source = new Observable<number>((observer) => {
    observer.next(1);
    subscribed.open();
    return () => left.open();
  });
  return { source, subscribed: subscribed.opened, left: left.opened };
}

describeEveryStore('an Observable as the result', (fresh) => {
  it.each<[string, () => unknown, unknown]>([
    ['the last value', () => of(1, 2, { n: 3 }), { n: 3 }],
    ['a later value', () => timer(5).pipe(map(() => 'late')), 'late'],
    ['of a promise', () => Promise.resolve(of('inside')), 'inside'],
    ['of an Observable', () => of(of('flat')), 'flat'],
    ['nothing', () => EMPTY, null],
    ['another library', () => ({ '@@observable': () => null, subscribe: foreign }), 'foreign'],
  ])('is subscribed: %s', async (_, handler, result) => {
    const { scheduler } = await startApp({ t: handler }, fresh());
    const id = await scheduler.scheduleTask('t');
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', result });
  });

  it('fails the run with its error, which is retried', async () => {
    let runs = 0;
    const handler = () =>
      ++runs < 2
        ? concat(
            of(1),
            throwError(() => new RangeError('no')),
          )
        : of('yes');
    const { scheduler } = await startApp({ t: [{ retryConfig: { initialDelay: '1ms' } }, handler] }, fresh());
    const execution = await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    expect(execution).toMatchObject({ status: 'COMPLETED', result: 'yes', retryCount: 1 });
    expect(execution.attempts[0]!.error).toMatchObject({ name: 'RangeError', message: 'no' });
  });

  it('is unsubscribed when its run is cancelled', async () => {
    const { source, subscribed, left } = watched();
    const { scheduler } = await startApp({ t: () => source }, fresh());
    const id = await scheduler.scheduleTask('t');
    await subscribed;
    await scheduler.cancelTask(id);
    await left;
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'CANCELLED' });
  });
});

function foreign(observer: { next: (value: unknown) => void; complete: () => void }): void {
  observer.next('foreign');
  observer.complete();
}

describe('an Observable as the result', () => {
  it('is unsubscribed at the timeout, which ends the run', async () => {
    const { source, left } = watched();
    const { scheduler, kit } = await startKit({ t: [{ timeout: '10s' }, () => source] });
    kit.patience = 10;
    const id = await scheduler.scheduleTask('t');
    await kit.advance('10s');
    await left;
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'FAILED', reason: 'TIMEOUT' });
    expect((await scheduler.getHealthStatus()).metrics.stuckTasks).toBe(0);
  });

  it('is not subscribed if its run was aborted before', async () => {
    const subscribed: string[] = [];
    const { scheduler, kit } = await startKit({
      t: [
        { timeout: '10s' },
        async (_payload, { signal }: TaskContext) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return defer(() => (subscribed.push('late'), of(1)));
        },
      ],
    });
    kit.patience = 10;
    const id = await scheduler.scheduleTask('t');
    await kit.advance('10s');
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'FAILED', reason: 'TIMEOUT' });
    expect(subscribed).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['subscribe throws', () => ({ pipe: () => null, subscribe: () => raise(new Error('no')) })],
    ['its teardown throws', () => new Observable((observer) => (observer.error(new Error('no')), () => raise('late')))],
    ['it errs twice', () => new Observable((observer) => (observer.error(new Error('no')), observer.error('again')))],
  ])('fails the run once if %s', async (_, handler) => {
    const { scheduler } = await startApp({ t: handler, good: () => 'good' }, { maxConcurrentTasks: 1 });
    const id = await scheduler.scheduleTask('t');
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'FAILED', error: { message: 'no' } });
    const next = await scheduler.scheduleTask('good');
    expect((await scheduler.waitForExecution(next)).result).toBe('good');
  });

  it('behaves the same behind an interceptor', async () => {
    const { source, subscribed, left } = watched();
    class Passing implements NestInterceptor {
      intercept(_context: unknown, next: CallHandler): Observable<unknown> {
        return next.handle();
      }
    }
    @Injectable()
    @UseInterceptors(Passing)
    class Guarded {
      @ScheduledTask('values')
      values(): Observable<number> {
        return of(1, 2);
      }

      @ScheduledTask('empty')
      empty(): Observable<never> {
        return EMPTY;
      }

      @ScheduledTask('endless')
      endless(): Observable<number> {
        return source;
      }
    }
    @Module({ providers: [Guarded, Passing] })
    class Feature {}
    const { scheduler } = await startApp({}, {}, { imports: [Feature] });
    const [values, empty, endless] = await scheduler.scheduleTasks(
      ['values', 'empty', 'endless'].map((taskId) => ({ taskId })),
    );
    expect(await scheduler.waitForExecution(values!)).toMatchObject({ status: 'COMPLETED', result: 2 });
    expect(await scheduler.waitForExecution(empty!)).toMatchObject({ status: 'COMPLETED', result: null });
    await subscribed;
    await scheduler.cancelTask(endless!);
    await left;
    expect(await scheduler.waitForExecution(endless!)).toMatchObject({ status: 'CANCELLED' });
  });

  it('runs in the same way if the kit runs the handler alone', async () => {
    const { kit } = await startKit({ values: () => from([1, 2, 3]), endless: () => NEVER });
    expect(await kit.runHandler('values')).toBe(3);
    await expect(
      kit.runHandler('endless', undefined, { signal: AbortSignal.abort(new Error('left')) }),
    ).rejects.toThrow('left');
  });
});

describeEveryStore('a result that JSON would lose', (fresh) => {
  it.each<[string, () => unknown, string]>([
    ['a generator', () => (function* () {})(), 'result: a generator'],
    ['an async generator', () => (async function* () {})(), 'result: an async generator'],
    ['a stream', () => Readable.from(['a']), 'result: an async iterable (an instance of Readable)'],
    ['a Map', () => new Map([[1, 2]]), 'result: an instance of Map'],
    ['a Set deep inside', async () => ({ a: [{ b: new Set() }] }), 'result.a[0].b: an instance of Set'],
    ['a function', () => () => 1, 'result: function'],
  ])('is refused by name: %s', async (_, handler, message) => {
    const { scheduler } = await startApp({ t: [{ retryConfig: {} }, handler] }, fresh());
    const execution = await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    expect(execution).toMatchObject({ status: 'FAILED', reason: 'NON_RETRYABLE', error: { code: 'NOT_SERIALIZABLE' } });
    expect(execution.error!.message).toContain(message);
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}
