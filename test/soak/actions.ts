import { OTHER_CONTRIBUTOR, OWNER, REPO } from "../names.ts";
import { behaviourOf } from "./behaviours.ts";
import type { SoakIssues, SoakIssue } from "./soakIssues.ts";
import type { FaultKind, PlannedFault, Step } from "./schedule.ts";
import type { SoakServices } from "./stage.ts";

/** Action of a user on the branch, base or pull request of an issue while its run was alive. */
export interface Action {
  readonly kind: Extract<FaultKind, `branch:${string}` | `base:${string}` | `pull:${string}`>;
  readonly issue: number;
  /** Branch of the action. */
  readonly branch: string;
  /** Pushed commit; null: none. */
  readonly sha: string | null;
  /** Closed or merged pull request. */
  readonly pull: number | null;
  /** Step of the live run at that moment. */
  readonly step: Step;
}

export type ActionFault = PlannedFault & { readonly kind: Action["kind"] };

export function isAction(fault: PlannedFault): fault is ActionFault {
  return /^(branch|base|pull):/.test(fault.kind);
}

/** Whether the work cannot be replayed on top of this action: a run that was lost then starts again, and its work is quarantined. */
export function quarantines({ kind }: Action): boolean {
  return kind === "branch:conflict" || kind === "pull:close" || kind === "pull:merge";
}

/** Return the target of an action on this issue, a branch or an open pull request; null: the action is not possible now. */
export function targetOf(
  fault: ActionFault,
  issue: SoakIssue,
  { github }: SoakServices,
): Pick<Action, "branch" | "pull"> | null {
  const behaviour = behaviourOf(issue.behaviour);
  if (behaviour.end !== "pr") return null; // The action would change the expected end.
  const branch = issue.state?.branch.name ?? `auto/gh-${issue.number}`;
  switch (fault.kind) {
    case "branch:push":
      return { branch, pull: null };
    case "branch:conflict":
      // An issue with an earlier end has no single expected outcome.
      return behaviour.nasty || behaviour.rounds > 1 || behaviour.questions > 0 ? null : { branch, pull: null };
    case "base:push":
      return { branch: "main", pull: null };
    case "pull:close":
    case "pull:merge": {
      const pull = issue.state?.pull.number ?? null;
      return pull === null || github.issue(REPO, pull).state !== "open" ? null : { branch, pull };
    }
    default:
      return fault.kind satisfies never;
  }
}

/** Perform an action. @returns null if GitHub refuses it, for example the merge of a conflict */
export async function act(given: {
  readonly fault: ActionFault;
  readonly issue: SoakIssue;
  readonly step: Step;
  readonly target: Pick<Action, "branch" | "pull">;
  readonly stage: SoakServices;
}): Promise<Action | null> {
  const { fault, issue, step, target, stage } = given;
  const { github } = stage;
  const { kind, extent } = fault;
  const action = { kind, issue: issue.number, step, ...target };
  const own = `work/${issue.index}.txt`;
  const push = async (path: string): Promise<Action> => {
    const files = { [path]: `${kind} at ${Date.now()}\n` };
    return {
      ...action,
      sha: await github.commitTo({ repo: REPO, branch: target.branch, files, author: OTHER_CONTRIBUTOR }),
    };
  };
  switch (kind) {
    case "branch:push":
      return push(`theirs/${issue.index}-${Date.now()}.txt`);
    case "branch:conflict":
      return push(own);
    case "base:push":
      return push(extent % 2 === 0 ? own : `theirs/base-${Date.now()}.txt`);
    case "pull:close":
      github.closePull({ repo: REPO, number: target.pull ?? 0, actor: OWNER });
      return { ...action, sha: null };
    case "pull:merge":
      try {
        return { ...action, sha: await github.mergePull({ repo: REPO, number: target.pull ?? 0, actor: OWNER }) };
      } catch {
        return null;
      }
    default:
      return kind satisfies never;
  }
}

/** Label an ended issue again if the action needs a live run on an issue with an open pull request. @returns that issue, or null */
export function relabelFor(fault: ActionFault, issues: SoakIssues): SoakIssue | null {
  return fault.kind.startsWith("pull:") ? issues.relabel() : null;
}
