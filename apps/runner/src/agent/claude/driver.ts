import { ClaudeReader } from "@tac8/core/conversation/claude";
import { parseEvent } from "@tac8/core/conversation/json";
import { shortenEvent } from "@tac8/core/conversation/shorten";
import type { AgentDriver, AgentRequest, DriverReader } from "../types.ts";
import { INITIAL, reduce } from "./reduce.ts";

/** Claude Code over stream-json: prompt and control on stdin, events on stdout. */
export function claudeDriver({ isRoot }: { readonly isRoot: boolean }): AgentDriver {
  return {
    name: "claude",
    command: (request) => ({
      program: [...request.program, ...claudeArgs(request)],
      envDefaults: {
        // Otherwise a result is not the end: background commands keep the process alive.
        CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
        DISABLE_AUTOUPDATER: "1",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        // Claude Code refuses to run as root without it.
        ...(isRoot && { IS_SANDBOX: "1" }),
      },
      stdin: userMessage(request.prompt),
      keepStdinOpen: true,
      interrupt: INTERRUPT,
    }),
    createReader: createClaudeReader,
  };
}

const INTERRUPT = `${JSON.stringify({
  type: "control_request",
  request_id: "tac8-interrupt",
  request: { subtype: "interrupt" },
})}\n`;

/** Tools that schedule a later turn, which never starts: the agent's program ends with its turn. */
const LATER = ["ScheduleWakeup", "CronCreate", "Monitor"];

/** Return the arguments after the program: all bounded, none secret. The prompt is sent over stdin. */
export function claudeArgs(
  request: Pick<AgentRequest, "sessionId" | "resume" | "model" | "maxUsd" | "privateHome">,
): string[] {
  const { privateHome = null } = request;
  return [
    "-p",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose",
    request.resume ? "--resume" : "--session-id",
    request.sessionId,
    "--model",
    request.model,
    "--dangerously-skip-permissions",
    `--disallowedTools=${LATER.join(",")}`,
    // Settings, hooks, servers and instructions of the issue's own branch do not count.
    ...(privateHome === null ? [] : ["--setting-sources=user", "--strict-mcp-config"]),
    ...(privateHome?.servers ? [`--mcp-config=${privateHome.servers}`] : []),
    ...(request.maxUsd > 0 ? ["--max-budget-usd", String(request.maxUsd)] : []),
  ];
}

function userMessage(prompt: string): string {
  const message = { role: "user", content: [{ type: "text", text: prompt }] };
  return `${JSON.stringify({ type: "user", message })}\n`;
}

function createClaudeReader(now: () => number): DriverReader {
  let state = INITIAL;
  const conversation = new ClaudeReader();
  return {
    line(text, cut) {
      const event = cut ? null : parseEvent(text);
      if (event === null) return text.trim() === "" ? [] : [shortenEvent({ at: now(), kind: "output", text })];
      state = reduce(state, event);
      return conversation.read(event, now()).map(shortenEvent);
    },
    hasResult: () => state.result !== null,
    finished: () => state.finished,
    summary: () => state,
  };
}
