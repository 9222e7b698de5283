/**
 * Whether an import failed because this package is not installed. An import also fails if an installed package lacks a
 * dependency, or a bundle a file.
 */
export function isPackageMissing(error: unknown, name: string): boolean {
  const { code = '', message = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return code.endsWith('MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}
