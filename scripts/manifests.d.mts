export function manifestsOf(root: string): string[];
