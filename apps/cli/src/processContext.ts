import { commandName } from "./commandName.ts";
import type { Context } from "./context/context.ts";
import type { Output } from "./terminal/output.ts";
import { openFullScreen } from "./terminal/fullScreen.ts";
import { openPrompt } from "./terminal/prompt.ts";
import { createRepeats, SAME_SIGNAL_MS } from "./terminal/repeats.ts";
import type { AppSpec } from "./context/context.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Create the context of the command line from its process. */
export function contextOf(given: {
  readonly process: NodeJS.Process;
  /** Result of `removeSecrets`, with the proxy of the exit. */
  readonly taken: { readonly env: Context["env"]; readonly shown: boolean };
  readonly apps: readonly AppSpec[];
  /** Path of `bin/tac8.mjs`. */
  readonly launcher: string;
}): Context {
  const { process, taken, apps, launcher } = given;
  const { env, shown: secretsShown } = taken;
  return {
    env,
    secretsShown,
    cwd: process.cwd(),
    command: commandName(launcher),
    launcher,
    node: process.execPath,
    out: outputOf(process.stdout, env),
    err: outputOf(process.stderr, env),
    apps,
    now: Date.now,
    openFullScreen:
      process.stdin.isTTY && process.stdout.isTTY
        ? () => openFullScreen({ input: process.stdin, output: process.stdout, atExit: atExitOf(process) })
        : null,
    openPrompt:
      process.stdin.isTTY && process.stdout.isTTY
        ? () => openPrompt({ input: process.stdin, output: process.stdout })
        : null,
    readInput: () => readLine(process.stdin),
    onSignal(handler) {
      const isRepeat = createRepeats(SAME_SIGNAL_MS);
      const once = (signal: NodeJS.Signals): void => {
        if (!isRepeat(signal, performance.now())) handler(signal);
      };
      for (const signal of SIGNALS) process.on(signal, once);
      return () => {
        for (const signal of SIGNALS) process.off(signal, once);
      };
    },
  };
}

const MAX_INPUT = 4096;

/** Read the first line of the input; `""`: there is none. */
async function readLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  for await (const part of input) {
    text += part.toString();
    if (text.includes("\n") || text.length > MAX_INPUT) break;
  }
  return text.slice(0, MAX_INPUT).split("\n", 1)[0] ?? "";
}

/** Run a handler when the process exits unexpectedly. @returns a function that removes the handler */
function atExitOf(process: NodeJS.Process): (handler: () => void) => () => void {
  return (handler) => {
    process.once("exit", handler);
    return () => process.off("exit", handler);
  };
}

function outputOf(stream: NodeJS.WriteStream, env: Context["env"]): Output {
  let readable = true;
  stream.on("error", () => {
    readable = false; // The reader has closed the stream (`tac8 list | head`, a closed terminal).
  });
  return {
    line(text) {
      if (readable) stream.write(`${text}\n`);
    },
    // Read each time, because a terminal may be resized. A terminal without a reader reports 0 columns.
    get columns() {
      return stream.isTTY ? stream.columns || 80 : null;
    },
    color: stream.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb",
  };
}
