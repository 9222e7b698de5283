import type { HandlerEnhancers } from './handler-enhancers.js';
import type { ContextId, HandlerHost } from './handler-host.js';
import type { TaskHandler } from './handler-registry.js';
import { ContextIdFactory } from '@nestjs/core';

type Instance = Record<string, TaskHandler>;

/**
 * The handler for a method: of the single instance, or of an instance for each run. This is decided at the first run,
 * since Nest knows the scopes of an app only after it has created all providers.
 */
export function handlerOf(host: HandlerHost, methodName: string, enhancers: HandlerEnhancers | null): TaskHandler {
  let handler: TaskHandler | null = null;
  return (payload, ctx) => (handler ??= choose(host, methodName, enhancers))(payload, ctx);
}

function choose(host: HandlerHost, methodName: string, enhancers: HandlerEnhancers | null): TaskHandler {
  if (enhancers) return enhanced(host, methodName, enhancers);
  if (!host.isStatic)
    return async (payload, ctx) => {
      const instance = (await host.load(host.contextOf(payload, ctx, []))) as Instance;
      return instance[methodName]!(payload, ctx);
    };
  return (payload, ctx) => (host.instance as Instance)[methodName]!(payload, ctx);
}

function enhanced(host: HandlerHost, methodName: string, enhancers: HandlerEnhancers): TaskHandler {
  let bound: { handler: Promise<TaskHandler>; made: readonly unknown[] } | null = null;
  return async (payload, ctx) => {
    const scoped = enhancers.scoped;
    const isShared = host.isStatic && scoped.every((each) => each.isDependencyTreeStatic());
    if (!isShared) {
      const contextId = host.contextOf(payload, ctx, scoped);
      const instance = host.isStatic ? host.instance : await host.load(contextId);
      // Enhancers of the handler's class were created with its instance, unless that is the only one.
      await host.loadEnhancers(scoped, contextId);
      return enhancers.bind(instance, contextId)(payload, ctx);
    }
    // Bound again if the app has added a global enhancer, or a test has replaced the method.
    const made = [...enhancers.version, (host.instance as Instance)[methodName]];
    if (bound === null || made.some((each, index) => each !== bound!.made[index])) {
      bound = { made, handler: bindOnce(host, enhancers) };
      bound.handler.catch(() => (bound = null));
    }
    return (await bound.handler)(payload, ctx);
  };
}

/** Transient enhancers are created once for the handler, in a separate context. */
async function bindOnce(host: HandlerHost, enhancers: HandlerEnhancers): Promise<TaskHandler> {
  const { scoped } = enhancers;
  if (scoped.length === 0) return enhancers.bind(host.instance);
  const contextId: ContextId = ContextIdFactory.create();
  await host.loadEnhancers(scoped, contextId);
  return enhancers.bind(host.instance, contextId);
}
