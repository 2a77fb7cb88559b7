import { parseArgs } from "node:util";

export interface Arguments {
  readonly streamInput: boolean;
  readonly streamOutput: boolean;
  readonly sessionId: string | undefined;
  readonly resume: string | undefined;
  readonly model: string;
  /** Tools that the agent must not have. */
  readonly disallowedTools: readonly string[];
  readonly promptFile: string | undefined;
  /** The prompt as an argument. */
  readonly prompt: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Output of `claude --version`, with the version whose events are imitated. */
export const VERSION = "2.1.330 (scripted)";

export function asksVersion([first]: readonly string[]): boolean {
  return first === "--version" || first === "-v";
}

/** Parse the command line. @throws Error for an unknown option or a combination that `claude` refuses */
export function parseArguments(args: readonly string[]): Arguments {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      print: { type: "boolean", short: "p" },
      "input-format": text,
      "output-format": text,
      verbose: flag,
      "session-id": text,
      resume: { type: "string", short: "r" },
      model: text,
      "fallback-model": text,
      "dangerously-skip-permissions": flag,
      "permission-mode": text,
      "max-budget-usd": text,
      "max-turns": text,
      disallowedTools: text,
      "disallowed-tools": text,
      "setting-sources": text,
      settings: text,
      "append-system-prompt": text,
      "strict-mcp-config": flag,
      "mcp-config": text,
      "include-partial-messages": flag,
      "replay-user-messages": flag,
      "prompt-file": text,
    },
  });
  const streamOutput = values["output-format"] === "stream-json";
  if (streamOutput && values.verbose !== true) {
    throw new Error("When using --print, --output-format=stream-json requires --verbose");
  }
  const sessionId = values["session-id"];
  if (sessionId !== undefined && !UUID.test(sessionId)) throw new Error("Invalid session ID. Must be a valid UUID.");
  return {
    streamInput: values["input-format"] === "stream-json",
    streamOutput,
    sessionId,
    resume: values.resume,
    model: values.model ?? "claude-sonnet-4-5",
    disallowedTools: `${values.disallowedTools ?? ""},${values["disallowed-tools"] ?? ""}`
      .split(/[, ]+/)
      .filter(Boolean),
    promptFile: values["prompt-file"],
    prompt: positionals[0],
  };
}
