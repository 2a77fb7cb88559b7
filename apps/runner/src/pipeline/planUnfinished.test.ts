import { expect, test } from "vitest";
import { planAgentEnd, planUnfinished, type AgentEndFacts, type UnfinishedFacts } from "./planUnfinished.ts";

const RUN: UnfinishedFacts = {
  halt: null,
  outOfTime: false,
  endedWithoutResult: false,
  agentLost: false,
  decided: false,
};

test.each<[Partial<UnfinishedFacts>, ReturnType<typeof planUnfinished>]>([
  [{}, "failure"],
  [{ endedWithoutResult: true }, "failure"],
  [{ halt: "shutdown" }, "requeue"],
  // Otherwise the agent would run again, and cost money again, although it ended by itself.
  [{ halt: "shutdown", endedWithoutResult: true }, "failure"],
  [{ halt: "shutdown", endedWithoutResult: true, outOfTime: true }, "requeue"],
  [{ outOfTime: true }, "requeue"],
  [{ agentLost: true }, "requeue"],
  [{ agentLost: true, halt: "stopped" }, "stopped"],
  [{ halt: "stopped" }, "stopped"],
  [{ halt: "stopped", endedWithoutResult: true }, "stopped"],
  [{ halt: "cancelled" }, "cancelled"],
  [{ halt: "cancelled", decided: true }, "failure"],
])("%j → %s", (run, next) => {
  expect(planUnfinished({ ...RUN, ...run })).toBe(next);
});

const AGENT: AgentEndFacts = { halt: null, asks: false, agentLost: false };

test.each<[Partial<AgentEndFacts>, ReturnType<typeof planAgentEnd>]>([
  [{}, "failure"],
  [{ asks: true }, "question"],
  [{ asks: true, agentLost: true }, "question"],
  [{ asks: true, halt: "shutdown" }, "question"],
  [{ asks: true, halt: "stopped" }, "halt"],
  [{ asks: true, halt: "lost" }, "halt"],
  [{ halt: "shutdown" }, "halt"],
  [{ halt: "cancelled", agentLost: true }, "halt"],
  [{ agentLost: true }, "agent lost"],
])("an agent without finished work: %j → %s", (facts, wins) => {
  expect(planAgentEnd({ ...AGENT, ...facts })).toBe(wins);
});
