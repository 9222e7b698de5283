export const MANIFESTS: readonly string[];
export const TARBALL_NAMED_IN: readonly string[];
export const CHART: string;
export function setVersion(version: string, root: string, date?: string): void;
