/** The reader's own format, in `options.format` and as the name of its row. */
export const OWN = 'yours';
/** In `Edit.format`: a number that was typed. */
export const TYPED = 'number';
