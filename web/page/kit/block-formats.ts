// The names of the block formats that figures let choose, as the library has them: a test compares. All else about them is
// in the library's tables, which only the worker loads.
type Named = readonly [name: string, family: string];

const named = (family: string, names: string) => names.split(' ').map((name): Named => [name, family]);

/** Those that can be made, and whose blocks say all about themselves: nvfp4_tensor's scale is a tensor's. */
export const MADE: readonly Named[] = [
  ...named(
    'ggml',
    'q4_0 q4_1 q5_0 q5_1 q8_0 q8_1 q2_k q3_k q4_k q5_k q6_k q8_k iq4_nl iq4_xs tq1_0 tq2_0 q1_0 q2_0 mxfp4 nvfp4',
  ),
  ...named('mx', 'mxfp8_e4m3 mxfp8_e5m2 mxfp6_e2m3 mxfp6_e3m2 mxfp4_ocp mxint8'),
  ...named('bitsandbytes', 'nf4 fp4 bnb_int8_blockwise'),
];

/** Those that can be read. */
export const READ = named('ggml', 'iq1_s iq1_m iq2_xxs iq2_xs iq2_s iq3_xxs iq3_s');
