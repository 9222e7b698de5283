import type { PipeTransform } from '@nestjs/common';
import { ConsoleError } from '../console-error.js';

/** Checks an id or a name in a path before the store is queried. */
export class IdPipe implements PipeTransform<unknown, string> {
  /** @throws ConsoleError INVALID_ID */
  transform(id: unknown): string {
    if (typeof id !== 'string' || !/^[\w.:-]{1,300}$/.test(id) || /^\.+$|^__proto__$/.test(id))
      throw new ConsoleError(
        'INVALID_ID',
        400,
        'the id in the path is invalid; allowed: 1 to 300 of A-Z a-z 0-9 . _ : -',
      );
    return id;
  }
}

/** The key of a lock in a path: printable text, percent-encoded. */
export class LockKeyPipe implements PipeTransform<unknown, string> {
  /** @throws ConsoleError INVALID_ID */
  transform(key: unknown): string {
    if (typeof key !== 'string' || !/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u.test(key))
      throw new ConsoleError(
        'INVALID_ID',
        400,
        'the key in the path is invalid; allowed: 1 to 256 printable characters',
      );
    return key;
  }
}
