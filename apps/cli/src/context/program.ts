import { Command, Option } from "commander";
import manifest from "../../../../package.json" with { type: "json" };
import type { Context } from "./context.ts";

/**
 * The input of a command: its arguments in order, and all options by name, including global ones. Commands are data
 * (commands/table.ts), so that only the one that runs is loaded. @commander-js/extra-typings needs a chain of calls to derive types,
 * so each command checks its own options.
 */
export interface Input {
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandSpec {
  /** In the syntax of Commander, such as `retry [issue]`. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Sentences that the help of this command adds to the summary. */
  readonly details?: string;
  /** Allowed values of the first argument. */
  readonly choices?: readonly string[];
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    readonly choices?: readonly string[];
    /** Default value. */
    readonly initial?: string;
  }[];
  /** Loads the module of the command. */
  readonly load: () => Promise<RunCommand>;
}

/** Runs a command. @returns the exit code. @throws Problem */
export type RunCommand = (context: Context, input: Input) => Promise<number>;

/** Return the parser of the command line. `done` is called with the exit code of the command that ran. */
export function createProgram(
  context: Context,
  { commands, done }: { readonly commands: readonly CommandSpec[]; readonly done: (code: number) => void },
): Command {
  const program = new Command("tac8")
    .description("Labelled GitHub issues become pull requests while you sleep.")
    .option(
      "--config <file>",
      "configuration file (default: TAC8_CONFIG, else ./config.toml, else ~/.config/tac8/config.toml)",
    )
    .version(manifest.version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command");
  for (const spec of commands) {
    const description = [spec.summary, spec.details].filter((text) => text !== undefined).join("\n\n");
    const command = program.command(spec.usage).summary(spec.summary).description(description);
    if (spec.choices !== undefined) command.registeredArguments[0]?.choices(spec.choices);
    for (const { flags, description, choices, initial } of spec.options) {
      const option = new Option(flags, description);
      if (choices !== undefined) option.choices(choices);
      if (initial !== undefined) option.default(initial, initial);
      command.addOption(option);
    }
    command.action(async () => {
      const run = await spec.load();
      done(await run(context, { args: command.processedArgs, options: command.optsWithGlobals() }));
    });
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.out.line(text.trimEnd()),
      writeErr: (text) => context.err.line(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, "tac8: ")),
      getOutHelpWidth: () => context.out.columns ?? 80,
      getErrHelpWidth: () => context.err.columns ?? 80,
    });
  }
  return program;
}
