import { z } from "zod";
import { figures, issueName, issueState, pullRequest, time } from "./shared.ts";

const todo = z.strictObject({ text: z.string(), status: z.enum(["pending", "in_progress", "completed"]) });

const liveEvent = z.strictObject({
  at: z.number().describe("Milliseconds since 1970"),
  kind: z.enum(["init", "text", "thinking", "tool", "tool-result", "todo", "notice", "result", "output"]),
  text: z.string(),
  tool: z.string().exactOptional().describe("Name of the tool, with kind `tool`"),
  isError: z.boolean().exactOptional(),
  call: z.string().exactOptional().describe("Id of the tool call"),
  parent: z.string().exactOptional().describe("Id of the tool call that started the sub-agent"),
  todo: z.array(todo).exactOptional().describe("The whole list, with kind `todo`").meta({ sameAs: ".todo[]" }),
  figures: z
    .strictObject({ ...figures, costUsd: z.number() })
    .exactOptional()
    .describe("Tokens so far; with kind `result`, since the previous result"),
  turns: z.number().exactOptional().describe("Turns of the agent, with kind `result`"),
  topic: z.string().exactOptional().describe("An event replaces the previous one if that has the same topic"),
});

const entry = z.strictObject({
  event: liveEvent,
  get children() {
    return z.array(entry).describe("Of a tool call: results, and entries of its sub-agent");
  },
  times: z.int().describe("Number of consecutive events in this entry"),
  began: z.number().describe("Of the first event; milliseconds since 1970"),
  changed: z.array(todo).describe("Of a todo list: new and changed items").meta({ sameAs: ".todo[]" }),
});

const issueFacts = {
  issue: issueName,
  title: z.string(),
  url: z.string().nullable(),
  state: issueState,
  models: z.array(z.string()),
  pr: pullRequest.nullable(),
  blockedHosts: z
    .array(z.strictObject({ host: z.string(), times: z.int() }))
    .describe("Hosts that the run's proxy refused in this round"),
  run: z.strictObject({
    n: z.int().describe("Number of the agent run; the first is 1"),
    of: z.int().describe("Number of agent runs"),
    id: z.string(),
    runner: z.string(),
    at: time,
    session: z.string(),
    live: z.boolean().describe("Whether the run is active"),
  }),
};

const endFacts = {
  live: z.boolean().describe("Whether the run is active"),
  state: issueState,
  turns: z.int(),
  ms: z.number(),
  costUsd: z.number(),
  tokens: z.strictObject(figures),
  exact: z.boolean().describe("False: tokens and cost may be too low"),
};

export const viewOutput = z.strictObject({
  ...issueFacts,
  source: z.enum(["stream", "log"]).describe("`stream`: from Redis, shortened. `log`: from this machine's log"),
  note: z.string().nullable().describe("What is missing"),
  entries: z.array(entry).describe("The conversation"),
  todo: z.array(todo).describe("Todo list of the agent"),
  end: z.strictObject(endFacts),
});

export const viewRunLine = z.strictObject({ type: z.literal("run"), ...issueFacts });
export const viewEventLine = z.strictObject({ type: z.literal("event"), event: liveEvent });
export const viewEndLine = z.strictObject({ type: z.literal("end"), ...endFacts });
