import { Inject, Injectable, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { from, isObservable, lastValueFrom } from 'rxjs';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { takeBody } from '../rest/deferred-body.js';
import { codeOf } from '../rest/problem.js';
import { AuditLog } from '../security/audit-log.js';
import { RateLimiter } from '../security/rate-limiter.js';
import { setSecurityHeaders } from '../security/security-headers.js';
import { SignIns } from '../security/sign-ins.js';
import { WEIGHT, type RouteWeight } from '../security/weight.decorator.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { REQUIRED_ROLE } from './access.decorator.js';
import { ConsoleAuthenticator } from './console-authenticator.js';
import { bearerOf, isRead, type ConsoleReply, type ConsoleRequest } from './console-request.js';
import { CONSOLE_ROLES, covers, type ConsoleRole, type Principal } from './principal.js';
import { checkExposure } from './exposure.js';

/** For a guard of the app that accepts a caller without identifying it. */
const UNNAMED: Principal = { name: 'unnamed', role: 'viewer', payloads: false };

/**
 * The only guard of all console routes. It checks exposure, caller, rate limit and role, and only then reads the body.
 * With `auth: { guard }` the app's guard decides about access, and sets permissions by `request.principal`.
 */
@Injectable()
export class ConsoleAuthGuard implements CanActivate {
  private own: Promise<CanActivate> | null = null;

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    private readonly authenticator: ConsoleAuthenticator,
    private readonly limiter: RateLimiter,
    private readonly signIns: SignIns,
    private readonly audit: AuditLog,
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
  ) {}

  /** @throws ConsoleError of checkExposure, UNAUTHENTICATED, RATE_LIMITED, FORBIDDEN, and those of takeBody */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<ConsoleRequest>();
    setSecurityHeaders(request, context.switchToHttp().getResponse<ConsoleReply>());
    checkExposure(request, { ...this.options, isProtected: this.authenticator.isProtected });
    const address = request.socket.remoteAddress ?? '';
    const principal = await this.signIn(context, request, address);
    request.principal = principal;
    request.weight = this.reflector.get<RouteWeight | undefined>(WEIGHT, context.getHandler())?.(request) ?? 1;
    this.limiter.take(`${principal.name}\n${address}`, request.weight);
    const reads = isRead(request.method);
    const needed =
      this.reflector.get<ConsoleRole | undefined>(REQUIRED_ROLE, context.getHandler()) ?? (reads ? 'viewer' : 'admin');
    if (!covers(principal.role, needed)) {
      if (!reads) this.audit.record(request, context.getHandler().name, 'FORBIDDEN');
      throw new ConsoleError('FORBIDDEN', 403, `the role '${principal.role}' is not sufficient; allowed: '${needed}'`);
    }
    if (!reads) await takeBody(request, this.options.requestTimeout);
    return true;
  }

  /** Authenticates the caller. An unknown caller, or an error of the app's guard, is a failed sign-in. */
  private async signIn(context: ExecutionContext, request: ConsoleRequest, address: string): Promise<Principal> {
    try {
      const principal = await this.identify(context, request, address);
      if (principal) return principal;
      const detail = 'no valid token; allowed: the header "Authorization: Bearer <token>"';
      throw new ConsoleError('UNAUTHENTICATED', 401, detail);
    } catch (error) {
      this.signIns.fail('http', request, codeOf(error));
      throw error;
    }
  }

  private async identify(
    context: ExecutionContext,
    request: ConsoleRequest,
    address: string,
  ): Promise<Principal | null> {
    const { auth } = this.options;
    if (typeof auth !== 'object' || !('guard' in auth))
      return this.authenticator.authenticate(bearerOf(request.headers), address);
    const guard = await (this.own ??= this.find(auth.guard));
    const answer = guard.canActivate(context);
    if (!(await (isObservable(answer) ? lastValueFrom(from(answer)) : answer))) return null;
    const { name, role, payloads } = request.principal ?? UNNAMED;
    return { name: String(name), role: CONSOLE_ROLES.includes(role) ? role : 'viewer', payloads: payloads === true };
  }

  /** The app's instance if it provides one, otherwise a new one. */
  private async find(guard: Type<CanActivate>): Promise<CanActivate> {
    try {
      return this.modules.get<CanActivate>(guard, { strict: false });
    } catch {
      return this.modules.create<CanActivate>(guard);
    }
  }
}
