import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { painter } from "../terminal/text.ts";
import { onLines } from "../up/lines.ts";
import { parseLogLine, renderLogLine, type LogLine } from "../up/logLine.ts";
import type { LogSource } from "./sources.ts";

/** Docker Compose writes this before each line, even if the output is not a terminal. */
const CLEAR_LINE = "\u001b[2K";
/** A heading of tail, such as `==> /path/of/a.log <==`. */
const HEADING = /^==> (.*) <==$/;

/** Show the output of a program until it ends, or until Ctrl-C. @returns the exit code. @throws Problem */
export async function showLines(context: Context, source: LogSource): Promise<number> {
  const { env, out } = context;
  const { program, appOf, follow } = source;
  const plain = Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(PATH|HOME|LANG|LC_ALL|TZ|TERM|XDG_RUNTIME_DIR)$/.test(name)),
  );
  const child = spawn(program, source.args, {
    cwd: source.cwd,
    env: source.env ?? plain,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const off = context.onSignal(() => child.kill());
  const paint = painter(out.color);
  const show = (app: string, line: LogLine): void =>
    out.line(renderLogLine(app, line, { paint, columns: out.columns }));
  const kept: { readonly app: string; readonly line: LogLine }[] = [];
  let app = "";
  onLines(child.stdout, (text) => {
    if (appOf === null) return out.line(text.replaceAll(CLEAR_LINE, ""));
    const path = HEADING.exec(text)?.[1];
    if (path !== undefined) {
      app = appOf(path);
      return;
    }
    const line = text === "" ? null : parseLogLine(text, { now: context.now(), stream: "stdout" });
    if (line === null) return;
    if (follow) show(app, line);
    else kept.push({ app, line });
  });
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    for (const entry of kept.toSorted((a, b) => a.line.at - b.line.at)) show(entry.app, entry.line);
    return signal !== null || follow ? 0 : (code ?? 0);
  } catch (error) {
    throw new Problem(`${program} cannot be started (${messageOf(error)}): install it`, { cause: error });
  } finally {
    off();
  }
}
