import { SetMetadata } from '@nestjs/common';

export const NOT_AUDITED = Symbol('a POST that changes nothing');

/** A POST that changes nothing. */
export const NotAudited = (): MethodDecorator => SetMetadata(NOT_AUDITED, true);
