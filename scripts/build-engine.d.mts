/** @returns the text of engine.lua */
export declare function compileEngine(): string;
