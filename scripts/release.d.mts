export declare const CHART: string;
export declare const TARBALL_NAMED_IN: Readonly<Record<string, string>>;
export declare function release(root: string, date?: string): string;
