import type { Argv, CommandModule } from 'yargs';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** yargs' published types omit both parameters: the program's name, and the command that writes the script. */
interface WithScript {
  showCompletionScript(name: string, command: string): void;
}

/** `espalier completion SHELL`: prints a script that asks the command line `createCli` for completions. */
export const completionCommand = (
  createCli: (args: readonly string[]) => Promise<Argv>,
): CommandModule<object, { shell: string }> => ({
  builder: yargs =>
    yargs
      .positional('shell', { choices: SHELLS, default: 'bash', describe: 'Whose completions' })
      .example('$0 completion bash >> ~/.bashrc', 'complete in bash from the next shell on')
      .example('$0 completion fish > ~/.config/fish/completions/espalier.fish', 'complete in fish') as never,
  handler: async ({ shell }) => {
    // yargs chooses the kind of script by SHELL and ZSH_NAME.
    process.env.SHELL = `/bin/${shell}`;
    delete process.env.ZSH_NAME;
    ((await createCli([])) as unknown as WithScript).showCompletionScript('espalier', `completion ${shell}`);
  },
});
