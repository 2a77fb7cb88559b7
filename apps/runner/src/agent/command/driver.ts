import { clean, shortenEvent } from "@tac8/core/conversation/shorten";
import type { AgentDriver, AgentRequest } from "../types.ts";
import { NO_USAGE } from "../claude/reduce.ts";

const TAIL_CHARACTERS = 8000;

/** Any CLI that takes a prompt file and ends with an exit code. It has no session, no figures and no interrupt. */
export const commandDriver: AgentDriver = {
  name: "command",
  command: (request) => ({
    program: fillTemplate(request),
    envDefaults: {},
    stdin: "",
    keepStdinOpen: false,
    interrupt: null,
  }),
  createReader(now) {
    let tail = "";
    return {
      line(text) {
        tail = `${tail}${text}\n`.slice(-TAIL_CHARACTERS);
        return text.trim() === "" ? [] : [shortenEvent({ at: now(), kind: "output", text })];
      },
      hasResult: () => false,
      finished: () => false,
      summary: () => ({
        result: null,
        finished: false,
        usage: NO_USAGE,
        costUsd: 0,
        models: {},
        turns: 0,
        lastText: clean(tail).trim(),
        sessionId: null,
        rateLimit: null,
      }),
    };
  },
};

/** Puts prompt file and model in place; any other brace stays as it is. */
export function fillTemplate({
  program,
  promptFile,
  model,
}: Pick<AgentRequest, "program" | "promptFile" | "model">): string[] {
  return program.map((part) =>
    part.replaceAll(/\{(prompt_file|model)\}/g, (_, name) => (name === "model" ? model : promptFile)),
  );
}
