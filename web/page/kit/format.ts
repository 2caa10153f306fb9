// In d3-format's place: the page writes the numbers of its axes itself, see numbers.ts.
function none(): never {
  throw new Error('Take ticksOf for the labels of an axis.');
}

export {
  none as format,
  none as formatPrefix,
  none as formatSpecifier,
  none as precisionFixed,
  none as precisionPrefix,
  none as precisionRound,
};
