import { expect, test } from "vitest";
import { parseIssueState } from "@tac8/core/state/issueState";
import { EVENT_NAMES, formerNameOf } from "@tac8/core/domain/events";
import { defectsIn } from "../defects.ts";
import { LABEL } from "../names.ts";
import type { BehaviourName } from "./behaviours.ts";
import type { LandedFault } from "./inject.ts";
import { evaluate, type Case } from "./evaluate.ts";
import type { Action } from "./actions.ts";

const SESSION = { session: "s", issue: 7 };
const end = { ...SESSION, at: 2000, how: "success" };
const start = (at: number, resumed: boolean) => ({ ...SESSION, at, resumed, run: `run at ${at}` });
const pull = (number: number, head: string, open: boolean) => ({ number, head, open });
const PULL = pull(8, "auto/gh-7", true);
const NEXT = pull(9, "auto/gh-7-2", true);
const OVERTAKEN = "another contributor changed the branch auto/gh-7 on GitHub";

interface Change extends Partial<Case["there"]> {
  readonly starts?: Case["notes"]["starts"];
  readonly landed?: readonly LandedFault[];
  readonly actions?: readonly Action[];
  readonly state?: Record<string, string>;
  readonly behaviour?: BehaviourName;
}

function caseOf(change: Change): Case {
  const { starts = [start(1000, false)], landed = [], actions = [], ...rest } = change;
  const { state = { state: "pr" }, behaviour = "normal", ...there } = rest;
  return {
    issue: {
      index: 0,
      behaviour,
      priority: null,
      number: 7,
      jobId: "octo.widgets.7",
      state: parseIssueState(state),
      answeredAt: null,
      relabelledAfter: null,
    },
    there: {
      pulls: [PULL],
      branches: [PULL.head],
      comments: { status: 1, question: 0, answer: 0, failure: 0 },
      labels: ["rpi-done"],
      ...there,
    },
    notes: { starts, finishes: [end], commits: [], marks: new Map() },
    landed,
    actions,
    label: LABEL,
  };
}

const kill: LandedFault = {
  kind: "runner:kill",
  step: "work",
  at: 2100,
  what: "",
  affected: [{ issue: 7, step: "work" }],
};
const agentAgain = (resumed: boolean) => [start(1000, false), start(3000, resumed)];
const action = (kind: Action["kind"], step: Action["step"] = "work"): Action => ({
  kind,
  issue: 7,
  branch: PULL.head,
  sha: null,
  pull: kind.startsWith("pull:") ? PULL.number : null,
  step,
});
const [CLOSED, MERGED, CONFLICT] = [action("pull:close"), action("pull:merge"), action("branch:conflict")];
const TWO = { pulls: [{ ...PULL, open: false }, NEXT], branches: [PULL.head, NEXT.head] };
const CANCELLED = { state: { state: "cancelled" }, labels: [], pulls: [{ ...PULL, open: false }] };
const FAILED = { labels: ["rpi-failed"], comments: { status: 1, question: 0, answer: 0, failure: 1 }, pulls: [] };
const COMMENT = { status: 1, question: 0, answer: 1, failure: 0 };
const ANSWERED = {
  behaviour: "answer",
  state: { state: "answered" },
  labels: ["rpi-answered"],
  pulls: [],
  branches: [],
} as const;
const TWICE = { ...FAILED, comments: { status: 1, question: 0, answer: 0, failure: 2 } };
const refused = (reason: string) => ({ state: "failed", failure: "refused", reason });

test.each([
  ["all is well", caseOf({}), 0],
  ["another end", caseOf({ state: { state: "stopped" } }), 1],
  ["two pull requests of a branch", caseOf({ pulls: [PULL, { ...NEXT, head: PULL.head }] }), 3],
  ["two pull requests", caseOf({ pulls: [PULL, NEXT], branches: [PULL.head, NEXT.head] }), 2],
  ["no pull request", caseOf({ pulls: [] }), 2],
  ["no branch", caseOf({ branches: [] }), 1],
  ["two status comments", caseOf({ comments: { status: 2, question: 0, answer: 0, failure: 0 } }), 1],
  ["a question that was not asked for", caseOf({ comments: { status: 1, question: 1, answer: 0, failure: 0 } }), 1],
  ["a failure that was expected", caseOf({ ...FAILED, branches: [], behaviour: "noChange", state: refused("") }), 0],
  ["a failure that was reported twice", caseOf({ ...TWICE, behaviour: "noChange", state: refused("") }), 1],
  ["an answer that was expected", caseOf({ ...ANSWERED, comments: COMMENT }), 0],
  ["an answer that was posted twice", caseOf({ ...ANSWERED, comments: { ...COMMENT, answer: 2 } }), 1],
  ["the trigger label left behind", caseOf({ labels: ["rpi-auto", "rpi-done"] }), 1],
  ["a pull request that nobody closed", caseOf({ pulls: [{ ...PULL, open: false }] }), 1],
  [
    "a pull request that a user closed when all commits were in it",
    caseOf({ pulls: TWO.pulls.slice(0, 1), actions: [CLOSED] }),
    0,
  ],
  ["a pull request that a user closed, and its successor", caseOf({ ...TWO, actions: [CLOSED] }), 0],
  ["a successor of a pull request that nobody closed", caseOf(TWO), 2],
  ["a pull request that a user closed and that is open again", caseOf({ actions: [CLOSED] }), 1],
  ["cancelled by a merge", caseOf({ ...CANCELLED, actions: [MERGED] }), 0],
  ["cancelled by a merge when it was finished", caseOf({ ...CANCELLED, actions: [action("pull:merge", "report")] }), 2],
  ["cancelled without a cause", caseOf(CANCELLED), 3],
  [
    "a conflict that is reported as a conflict",
    caseOf({ ...FAILED, state: refused(OVERTAKEN), actions: [CONFLICT] }),
    0,
  ],
  [
    "a conflict that is reported as another failure",
    caseOf({ ...FAILED, state: refused("boom"), actions: [CONFLICT] }),
    5,
  ],
  ["a reported conflict that never happened", caseOf({ ...FAILED, state: refused(OVERTAKEN) }), 5],
  ["an agent started after its end", caseOf({ starts: agentAgain(false) }), 1],
  ["resumed after its end, although nothing happened", caseOf({ starts: agentAgain(true) }), 1],
  ["a new session after its end, with a runner killed", caseOf({ starts: agentAgain(false), landed: [kill] }), 1],
  [
    "resumed after its end, with another issue's runner killed",
    caseOf({ starts: agentAgain(true), landed: [{ ...kill, affected: [{ issue: 8, step: "work" }] }] }),
    1,
  ],
  [
    "resumed with a runner killed after the checkpoint",
    caseOf({ starts: agentAgain(true), landed: [{ ...kill, affected: [{ issue: 7, step: "publish" }] }] }),
    1,
  ],
  ["resumed with a runner killed before the checkpoint", caseOf({ starts: agentAgain(true), landed: [kill] }), 0],
] as const)("evaluates: %s", (_, given, findings) => {
  expect(evaluate(given).findings).toHaveLength(findings);
});

test("evaluates: a state that does not follow the one before is a finding, and no other event is", () => {
  const events = EVENT_NAMES.map((event) => ({
    id: "1-0",
    at: "",
    event,
    issue: "octo.widgets.7",
    from: "pr" as const,
    to: formerNameOf(event),
    by: "runner pi/0",
    reason: "why",
    evidence: {},
  }));
  expect(defectsIn(events)).toEqual(["state:unexpected of octo.widgets.7, from pr (runner pi/0): why"]);
});
