/** What the tests use of `yaml`, so that types can be checked before the package is installed. */
declare module 'yaml' {
  export function parse(text: string, options?: { merge?: boolean }): any;
  export function parseAllDocuments(
    text: string,
    options?: { uniqueKeys?: boolean },
  ): { errors: readonly unknown[]; toJS(): unknown }[];
}
