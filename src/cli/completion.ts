import type { Argv, CommandModule } from 'yargs';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** yargs' published types omit both parameters: the program's name, and the command that writes the script. */
interface WithScript {
  showCompletionScript(name: string, command: string): void;
}

/** `espalier completion SHELL`: prints a script that completes the commands and options of `createCli`. */
export const completionCommand = (createCli: () => Argv): CommandModule<object, { shell: string }> => ({
  command: 'completion [shell]',
  describe: 'Print a script that completes commands and options in bash, zsh or fish',
  builder: yargs =>
    yargs
      .positional('shell', { choices: SHELLS, default: 'bash', describe: 'Whose completions' })
      .example('$0 completion bash >> ~/.bashrc', 'complete in bash from the next shell on')
      .example('$0 completion fish > ~/.config/fish/completions/espalier.fish', 'complete in fish') as never,
  handler: ({ shell }) => {
    // yargs chooses the kind of script by SHELL and ZSH_NAME.
    process.env.SHELL = `/bin/${shell}`;
    delete process.env.ZSH_NAME;
    (createCli() as unknown as WithScript).showCompletionScript('espalier', `completion ${shell}`);
  },
});
