import { statusLabels, type LabelDefinition, type StatusLabel } from "@tac8/core/domain/labels";
import { isRefusedRequest } from "@tac8/core/github/errors";
import type { StepRecord } from "../run/record.ts";
import type { IssueAccess } from "../run/step.ts";

/** `signal`: `lost`, because a label that is on its way must not arrive after those of the issue's end. */
export interface LabelsNeeds extends IssueAccess {
  readonly record: Pick<StepRecord<never>, "assertLive">;
}

/** tac8's labels on the issue, as one run shows them. */
export class IssueLabels {
  readonly #run: LabelsNeeds;
  /** Whether this run has put the label on that says that it is at work. */
  #showsWorking = false;

  constructor(run: LabelsNeeds) {
    this.#run = run;
  }

  /** Shows the status of the issue: one of our labels, or none; every other one of ours comes off. */
  async show(shown: StatusLabel | null, present: readonly string[]): Promise<void> {
    const { github, ref } = this.#run.issue;
    const options = { signal: this.#run.signal };
    const labels = this.#labels();
    const has = (name: string) => isAmong(present, name);
    for (const other of Object.keys(labels) as StatusLabel[]) {
      const { name } = labels[other];
      if (other !== shown && has(name)) await github.removeLabel(ref, ref.number, name, options);
    }
    if (shown === null || has(labels[shown].name)) return;
    const label = labels[shown];
    await github.ensureLabel(ref, label, options);
    await github.addLabel(ref, ref.number, label.name, options);
    if (shown === "working") this.#showsWorking = true;
  }

  /**
   * Return the labels that are on the issue after the one of a run at work is off; null: the issue is not there. Where this run has
   * put that label on, GitHub's answer to its removal has the others; else the issue is read. @throws GitHubError
   */
  async withoutWorking(): Promise<readonly string[] | null> {
    const { issue, record, signal } = this.#run;
    const { github, ref } = issue;
    if (this.#showsWorking) {
      await record.assertLive();
      this.#showsWorking = false;
      const left = await this.#removeWorking();
      if (left !== null) return left;
    }
    const found = await github.issue(ref, ref.number, { signal });
    return found.kind === "found" ? found.issue.labels : null;
  }

  /** Null: GitHub does not say what is left. Whether it refuses more than that, the issue itself tells. */
  async #removeWorking(): Promise<readonly string[] | null> {
    const { github, ref } = this.#run.issue;
    try {
      return await github.removeLabel(ref, ref.number, this.#labels().working.name, { signal: this.#run.signal });
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      return null;
    }
  }

  /** The sign of an earlier end that is on the issue: a run that never began changes nothing about it. */
  endLabelOf(present: readonly string[]): StatusLabel | null {
    const labels = this.#labels();
    return (["done", "answered", "failed"] as const).find((shown) => isAmong(present, labels[shown].name)) ?? null;
  }

  #labels(): Record<StatusLabel, LabelDefinition> {
    return statusLabels(this.#run.issue.policy);
  }
}

function isAmong(labels: readonly string[], name: string): boolean {
  return labels.some((label) => label.toLowerCase() === name.toLowerCase());
}
