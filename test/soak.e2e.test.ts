import { dirname } from "node:path";
import { expect, test } from "vitest";
import { parseIssueState } from "@tac8/core/state/issueState";
import { LABEL } from "./world.ts";
import type { BehaviourName } from "./soak/behaviours.ts";
import type { Landed } from "./soak/inject.ts";
import { judge, type Case } from "./soak/judge.ts";
import { report } from "./soak/report.ts";
import { buildSchedule, STEPS } from "./soak/schedule.ts";
import { soak } from "./soak/soak.ts";

/** Of the faults that this soak injects; another one for a try: `npm run soak -- --seed 2`. */
const SEED = 5;

test("20 issues and 3 runners under faults: nothing lost, nothing twice", { timeout: 290_000 }, async () => {
  const said: string[] = [];
  const result = await soak({
    seed: SEED,
    issues: 20,
    runners: 3,
    path: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
    say: (line) => said.push(line),
  });
  if (result.findings.length > 0) throw new Error([...said, "", report(result), "", `in ${result.dir}`].join("\n"));
  expect(result.landed.length).toBeGreaterThanOrEqual(20);
  for (const step of STEPS) expect(result.landed.filter((fault) => fault.step === step).length).toBeGreaterThan(1);
  await result.remove();
});

test("the same seed plans the same soak, another seed another one", () => {
  const first = buildSchedule({ seed: 1, issues: 40 });
  expect(buildSchedule({ seed: 1, issues: 40 })).toEqual(first);
  expect(buildSchedule({ seed: 2, issues: 40 }).hash).not.toBe(first.hash);
});

const SESSION = { session: "s", issue: 7 };
const end = { ...SESSION, at: 2000, how: "success" };
const start = (at: number, resumed: boolean) => ({ ...SESSION, at, resumed, run: `run at ${at}` });

function caseOf(change: Partial<Case["there"]> & { starts?: Case["testimony"]["starts"]; landed?: Landed[] }): Case {
  const { starts = [start(1000, false)], landed = [], ...there } = change;
  const behaviour: BehaviourName = "normal";
  return {
    issue: {
      index: 0,
      behaviour,
      priority: null,
      number: 7,
      jobId: "octo.widgets.7",
      state: parseIssueState({ state: "pr" }),
      answeredAt: null,
    },
    there: { pulls: 1, branches: 1, comments: { status: 1, question: 0, failure: 0 }, labels: ["rpi-done"], ...there },
    testimony: { starts, finishes: [end], commits: [], marks: new Map() },
    landed,
    label: LABEL,
  };
}

const kill: Landed = { kind: "runner:kill", step: "work", at: 2100, what: "", struck: [7] };
const agentAgain = (resumed: boolean) => [start(1000, false), start(3000, resumed)];

test.each([
  ["all is well", caseOf({}), 0],
  ["two pull requests", caseOf({ pulls: 2 }), 1],
  ["no branch", caseOf({ branches: 0 }), 1],
  ["two status comments", caseOf({ comments: { status: 2, question: 0, failure: 0 } }), 1],
  ["a question that was not asked for", caseOf({ comments: { status: 1, question: 1, failure: 0 } }), 1],
  ["the trigger label left behind", caseOf({ labels: ["rpi-auto", "rpi-done"] }), 1],
  ["an agent started after its end", caseOf({ starts: agentAgain(false) }), 1],
  ["resumed after its end, although nothing happened", caseOf({ starts: agentAgain(true) }), 1],
  ["started anew after its end, with a runner killed", caseOf({ starts: agentAgain(false), landed: [kill] }), 1],
  [
    "resumed after its end, with another issue's runner killed",
    caseOf({ starts: agentAgain(true), landed: [{ ...kill, struck: [8] }] }),
    1,
  ],
  ["resumed with a runner killed before the checkpoint", caseOf({ starts: agentAgain(true), landed: [kill] }), 0],
] as const)("the judge: %s", (_, given, findings) => {
  expect(judge(given).findings).toHaveLength(findings);
});
