import { isEnded } from "@tac8/core/domain/states";
import { parseMarker } from "@tac8/core/domain/marker";
import type { IssueRecord } from "@tac8/core/state/issueState";
import { jobIdOf } from "@tac8/core/domain/reference";
import { LABEL, OWNER, REPO } from "../names.ts";
import { behaviourOf } from "./behaviours.ts";
import type { PlannedIssue, Schedule } from "./schedule.ts";
import type { SoakServices } from "./stage.ts";

/** An opened issue of the schedule. */
export interface SoakIssue extends PlannedIssue {
  readonly number: number;
  readonly jobId: string;
  state: IssueRecord | null;
  /** Time of the owner's answer to its question, epoch ms. */
  answeredAt: number | null;
  /** Newest label event of the first round, at the moment of the label for the second round. */
  relabelledAfter: number | null;
}

/** Opens the issues one after the other, reads their states, and answers their questions. */
export class SoakIssues {
  readonly opened: SoakIssue[] = [];
  readonly #waiting: PlannedIssue[];
  readonly #encores: PlannedIssue[];
  readonly #stage: SoakServices;

  constructor(stage: SoakServices, { issues, encores }: Pick<Schedule, "issues" | "encores">) {
    this.#stage = stage;
    this.#waiting = [...issues];
    this.#encores = [...encores];
  }

  get live(): SoakIssue[] {
    return this.opened.filter((issue) => !isDone(issue));
  }

  get over(): boolean {
    return this.#waiting.length === 0 && this.live.length === 0 && this.#relabelable().length === 0;
  }

  /** Open issues until `most` are live; after the last planned one, encores if `encore` is set. */
  open(most: number, { encore }: { encore: boolean }): void {
    while (this.live.length < most) {
      const planned = this.#waiting.shift() ?? (encore ? this.#encores.shift() : undefined);
      if (planned === undefined) return;
      const { index, behaviour, priority } = planned;
      const script = behaviourOf(behaviour).script({ index, dir: this.#stage.dir });
      const labels = priority === null ? [] : [`priority:${priority}`];
      const number = this.#stage.openIssue({ title: `${behaviour} ${index}`, script, labels });
      const jobId = jobIdOf({ owner: OWNER, repo: REPO.split("/")[1] ?? "", number });
      this.opened.push({ ...planned, number, jobId, state: null, answeredAt: null, relabelledAfter: null });
    }
  }

  /** Label an issue again whose pull request is open. @returns null if there is none */
  relabel(): SoakIssue | null {
    const [issue] = this.#relabelable();
    if (issue === undefined) return null;
    issue.relabelledAfter = issue.state?.label.event ?? 0;
    const { github } = this.#stage;
    for (const label of ["priority:P0", LABEL]) {
      github.addLabel({ repo: REPO, number: issue.number, actor: OWNER, label });
    }
    return issue;
  }

  #relabelable(): SoakIssue[] {
    const { github } = this.#stage;
    return this.opened.filter(
      (issue) =>
        behaviourOf(issue.behaviour).rounds === 2 &&
        issue.relabelledAfter === null &&
        isDone(issue) &&
        github.issue(REPO, issue.number).state === "open",
    );
  }

  /** Read the records of the live issues from Redis. */
  async read(): Promise<readonly SoakIssue[]> {
    const { live } = this;
    const states = await this.#stage.store.readMany(live.map(({ jobId }) => jobId));
    for (const [index, issue] of live.entries()) issue.state = states[index] ?? null;
    return live;
  }

  /** Answer a question: a stranger's comment has no effect, and the owner's comment is the answer. */
  answer(): void {
    const { github } = this.#stage;
    for (const issue of this.live) {
      if (issue.answeredAt !== null || issue.state?.state !== "blocked") continue;
      const asked = github.comments(REPO, issue.number).some(({ body }) => parseMarker(body)?.kind === "question");
      if (!asked) continue;
      github.comment({ repo: REPO, number: issue.number, actor: "stranger", body: "Pink!" });
      github.comment({ repo: REPO, number: issue.number, actor: OWNER, body: "Green." });
      issue.answeredAt = Date.now();
    }
  }

  byComment(id: number): SoakIssue | undefined {
    const { github } = this.#stage;
    return this.opened.find(({ number }) => github.comments(REPO, number).some((comment) => comment.id === id));
  }
}

function isDone({ state, relabelledAfter }: SoakIssue): boolean {
  if (state === null || !isEnded(state.state) || state.run.id !== null) return false;
  // Labelled again, and not read by the scheduler yet.
  return relabelledAfter === null || state.label.event > relabelledAfter;
}
