export const TARBALL_NAMED_IN: Readonly<Record<string, string>>;
export const CHART: string;
export function setVersion(version: string, root: string, date?: string): void;
