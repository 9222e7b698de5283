export function setRepository(address: string, root: string): void;
