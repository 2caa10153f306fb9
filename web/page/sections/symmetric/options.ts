import { choice, type OptionsOf } from '../../kit/options.ts';

export const TYPES = ['int8', 'int7', 'int6', 'int5', 'int4', 'int3', 'int2'] as const;
export const RANGES = ['narrow', 'full'] as const;

export const options = { type: choice(TYPES, 'int8'), range: choice(RANGES, 'narrow') };
export type Options = OptionsOf<typeof options>;
