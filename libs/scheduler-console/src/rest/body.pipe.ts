import type { PipeTransform } from '@nestjs/common';
import { checkShape, type Shape } from './shape.js';

/** Checks the body against a shape. A missing body is an empty one. */
export class BodyPipe implements PipeTransform<unknown, Record<string, unknown>> {
  constructor(private readonly shape: Shape) {}

  transform(body: unknown): Record<string, unknown> {
    return checkShape(body ?? {}, this.shape);
  }
}
