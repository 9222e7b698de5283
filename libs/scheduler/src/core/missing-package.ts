/**
 * Whether an import failed because this package is not installed. A package that is installed can also lack one of its own,
 * and a bundle one of its files.
 */
export function isPackageMissing(error: unknown, name: string): boolean {
  const { code = '', message = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return code.endsWith('MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}
