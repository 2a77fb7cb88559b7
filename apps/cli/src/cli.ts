import { CommanderError } from "commander";
import { messageOf, Problem, WrongUsage, type Context } from "./context.ts";
import { COMMANDS } from "./commands/table.ts";
import { createProgram } from "./program.ts";
import { painter, plainLines } from "./terminal/text.ts";

/** Exit codes: 0 ok, 1 a problem (said on stderr, one line each), 2 wrong usage. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  let code = 0;
  const program = createProgram(context, {
    commands: COMMANDS,
    done(value) {
      code = value;
    },
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    complain(error, context);
    return error instanceof WrongUsage ? 2 : 1;
  }
}

function complain(error: unknown, { err, env }: Context): void {
  const lines = error instanceof Problem ? error.lines : messageOf(error).split("\n", 1);
  const mark = painter(err.color)("red", "tac8:");
  for (const line of lines.flatMap(plainLines)) err.line(`${mark} ${line}`);
  if (env["LOG_LEVEL"] === "debug" && error instanceof Error) err.line(error.stack ?? "");
}
