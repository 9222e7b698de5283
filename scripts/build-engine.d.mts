/** @returns texts by the names of their files */
export declare function compileEngine(): Record<string, string>;
