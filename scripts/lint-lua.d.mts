export declare function luaSources(folder?: string): Record<string, string>;
export declare function lintLua(sources: Readonly<Record<string, string>>): string[];
export declare function unformatted(sources: Readonly<Record<string, string>>): string[];
export declare function format(text: string): string;
