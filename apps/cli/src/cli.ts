import { messageOf } from "@tac8/core/domain/messageOf";
import { CommanderError } from "commander";
import { EXIT_CONFIG } from "../../../bin/lib/exitCode.mjs";
import type { Context } from "./context/context.ts";
import { CannotStart, Problem, WrongUsage } from "./problems/problem.ts";
import { COMMANDS } from "./commands/table.ts";
import { createProgram } from "./context/program.ts";
import type { ErrorOutput } from "./json/error.ts";
import { jsonText } from "./terminal/json.ts";
import { sentence } from "./terminal/sentence.ts";
import { painter, plainLines } from "./terminal/text.ts";

/**
 * Run a command, and return its exit code: 0 ok, 1 a problem (on stderr), 2 wrong usage, 78 a failed start that the operator has
 * to fix. With `--json`, an error is also an object on stdout (`json/error.ts`), because a script reads only stdout.
 */
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
    const asJson = argv.includes("--json");
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Commander has written the same text to stderr.
      if (asJson) context.out.line(errorJson(2, usageLines(error)));
      return 2;
    }
    const exitCode = exitCodeOf(error);
    const lines = linesOf(error);
    if (asJson) context.out.line(errorJson(exitCode, lines));
    complain(error, { ...context, lines });
    return exitCode;
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof WrongUsage) return 2;
  return error instanceof CannotStart ? EXIT_CONFIG : 1;
}

/** Return an error as JSON on one line, because it may follow the lines of `--follow`. */
function errorJson(code: number, lines: string[]): string {
  return jsonText({ error: { code, lines } } satisfies ErrorOutput, 0);
}

function usageLines({ message }: CommanderError): string[] {
  return plainLines(message.replace(/^error: /, ""));
}

function linesOf(error: unknown): string[] {
  const lines = error instanceof Problem ? error.lines : messageOf(error).split("\n", 1);
  return lines.flatMap(plainLines);
}

function complain(error: unknown, { err, env, lines }: Context & { readonly lines: readonly string[] }): void {
  const mark = painter(err.color)("red", "tac8:");
  for (const line of lines) sentence(err, `${mark} ${line}`);
  if (env["LOG_LEVEL"] === "debug" && error instanceof Error) err.line(error.stack ?? "");
}
