import type { ModelPrice } from "@tac8/core/config/routing";
import { shortenEvent } from "@tac8/core/conversation/shorten";
import { clean } from "@tac8/core/domain/plainText";
import type { AgentDriver, AgentRequest } from "../types.ts";
import { figuresOf, NOTHING_REPORTED, readUsage } from "./usage.ts";

const TAIL_CHARACTERS = 8000;

interface Pricing {
  /** The requested model. */
  readonly model: string;
  readonly prices: Readonly<Record<string, ModelPrice>>;
}

/**
 * Driver of any CLI that takes a prompt file and ends with an exit code: no session, no interrupt, usage only if
 * reported.
 */
export function commandDriver({ model, prices }: Pricing): AgentDriver {
  return {
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
      let reported = NOTHING_REPORTED;
      return {
        line(text, cut) {
          tail = `${tail}${text}\n`.slice(-TAIL_CHARACTERS);
          if (!cut) reported = readUsage(reported, text);
          return text.trim() === "" ? [] : [shortenEvent({ at: now(), kind: "output", text })];
        },
        hasResult: () => false,
        finished: () => false,
        summary: () => ({
          ...figuresOf(reported, { asked: model, prices }),
          result: null,
          finished: false,
          turns: 0,
          lastText: clean(tail).trim(),
          sessionId: null,
          rateLimit: null,
          denials: [],
          apiFailure: null,
          worked: tail.trim() !== "",
          unfinished: [],
        }),
      };
    },
  };
}

/** Insert the paths of prompt file and output file, and the model. Every other brace stays as it is. */
export function fillTemplate({
  program,
  promptFile,
  outputFile,
  model,
}: Pick<AgentRequest, "program" | "promptFile" | "outputFile" | "model">): string[] {
  const values: Readonly<Record<string, string>> = { prompt_file: promptFile, output_file: outputFile, model };
  return program.map((part) =>
    part.replaceAll(/\{(prompt_file|output_file|model)\}/g, (_, name: string) => values[name] ?? ""),
  );
}
