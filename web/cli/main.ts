// The command `fewbits`. Exit status: 0 done, 1 could not be done (one line on stderr says why), 2 wrong usage, 128 and the
// signal's number where it was cancelled.
import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import { analyzeCommand } from './analyze.ts';
import { compareCommand } from './compare.ts';
import { convertCommand } from './convert.ts';
import { formatsCommand } from './formats.ts';
import { inspectCommand } from './inspect.ts';
import { memoryCommand } from './memory.ts';
import { bold, oneLine, remark } from './text.ts';
import { Cancelled } from './work.ts';

const commands = [
  inspectCommand(),
  convertCommand(),
  compareCommand(),
  analyzeCommand(),
  memoryCommand(),
  formatsCommand(),
];

function complain(text: string, write: (text: string) => void): void {
  write(`fewbits: ${oneLine(text).replace(/^error: /, '')}\n`);
}

function unknownCommand(program: Command, name: string | undefined): never {
  if (name === undefined) return program.help({ error: true });
  const known = commands.map((command) => command.name()).join(', ');
  return program.error(`there is no command '${name}'. There are ${known}: see fewbits --help.`);
}

function makeProgram(): Command {
  const program = new Command('fewbits')
    .description('Quantization: what numbers, weights and models become in few bits.')
    .version(version)
    .helpCommand(false)
    .usage('COMMAND [options]')
    .allowExcessArguments()
    .action((_options, command: Command) => unknownCommand(command, command.args[0]))
    .addHelpText('after', '\nfewbits COMMAND --help says more about a command.');
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands])
    command.exitOverride().configureHelp({ styleTitle: bold }).configureOutput({ outputError: complain });
  return program;
}

/** What `error` means to the shell; says it where nobody has yet. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode && 2;
  remark(error instanceof Error ? error.message : String(error));
  return error instanceof Cancelled ? error.exitCode : 1;
}

// A reader such as `head` may close the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}
