// fewbits formats: the tables of number and block formats.
import { Command } from 'commander';
import { type BlockFormat, init, type NumberFormat } from 'fewbits';
import { bold, print, printJson, table } from './text.ts';

/** At most seven characters. */
const short = (value: number): string => {
  if (value === 0) return '0';
  const plain = String(value);
  return plain.length <= 7 ? plain : value.toExponential(1).replace('e+', 'e');
};

const numberRow = (format: NumberFormat): string[] => [
  format.name,
  String(format.bits),
  [format.signBits, format.exponentBits, format.mantissaBits].join(' '),
  short(format.min),
  short(format.max),
  format.kind === 'floating' ? short(format.smallestSubnormal) : '-',
  [format.hasInfinity && 'inf', format.hasNaN && 'NaN'].filter(Boolean).join(' ') || '-',
];

const blockRow = (format: BlockFormat): string[] => [
  format.name,
  format.family,
  format.blockSize ? String(format.blockSize) : 'tensor',
  format.blockSize ? String(format.blockBytes) : '-',
  String(format.bitsPerWeight),
  format.canQuantize ? 'yes' : '-',
];

export function formatsCommand(): Command {
  return new Command('formats')
    .description('list every number format and every block format')
    .option('--json', 'print JSON, with everything that is known of each')
    .addHelpText('after', '\nExamples:\n  fewbits formats\n  fewbits formats --json > formats.json')
    .action(async ({ json }: { json?: boolean }) => {
      const { blockFormats, numberFormats } = await init();
      if (json) return printJson({ numberFormats, blockFormats });
      print(bold('Number formats'));
      const numbers = table(
        ['name', 'bits', 's e m', 'min', 'max', 'smallest', 'special'],
        numberFormats.map(numberRow),
        'lrlrrrl',
      );
      print(`${numbers}\ns e m: bits of sign, exponent and mantissa. smallest: above 0.\n`);
      print(bold('Block formats'));
      const blocks = table(
        ['name', 'family', 'block', 'bytes', 'bits/weight', 'quantizes'],
        blockFormats.map(blockRow),
        'llrrrl',
      );
      print(`${blocks}\nquantizes: whether this version can make it.`);
    });
}
