export const root: string;
/** Configures and builds with a CMake preset; ends the process where that fails. */
export function build(preset: string, targets?: string[]): void;
