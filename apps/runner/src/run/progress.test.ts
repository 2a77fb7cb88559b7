import { NO_USAGE } from "@tac8/core/domain/usage";
import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

const FIGURES = { input: 10, output: 1, cacheRead: 100, cacheWrite: 0, costUsd: 0 };

test("tokens and cost of the issue include ended agents, reported results and the current turn", () => {
  const progress = new Progress({ issue: "a.b.1", title: "t", run: "r", slot: "pi/0", since: 0 });
  const used = () => [progress.presence.tokens, progress.presence.costUsd];
  progress.setEndedUsage({ ...NO_USAGE, inputTokens: 1000, costUsd: 2 });
  progress.addEvent({ at: 1, kind: "text", text: "hello", figures: FIGURES }, "hello");
  expect(used()).toEqual([1111, 2]);
  // The result includes the figures of the turn.
  progress.addEvent({ at: 2, kind: "result", text: "done", figures: { ...FIGURES, output: 50, costUsd: 0.5 } }, "done");
  expect(used()).toEqual([1160, 2.5]);
  progress.addEvent({ at: 3, kind: "tool", tool: "Bash", text: "ls\n-l", figures: FIGURES }, "ls\n-l");
  expect(used()).toEqual([1271, 2.5]);
  expect(progress.presence.last).toEqual({ at: 3, kind: "tool", text: "Bash: ls" });
  progress.addEvent({ at: 4, kind: "tool-result", text: "" }, "");
  expect(progress.presence.last?.at).toBe(3);
  // The agent ended, so its usage is part of the issue's sum now.
  progress.setEndedUsage({ ...NO_USAGE, inputTokens: 1300, costUsd: 2.7 });
  expect(used()).toEqual([1300, 2.7]);
});
