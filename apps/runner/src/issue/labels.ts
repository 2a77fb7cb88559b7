import { statusLabels, type LabelDefinition, type StatusLabel } from "@tac8/core/domain/labels";
import { isRefusedRequest } from "@tac8/core/github/errors";
import type { StepRecord } from "../run/record.ts";
import type { IssueAccess } from "../run/step.ts";

/** `signal`: `lost`, because a delayed request for a label must not arrive after the labels of the issue's end. */
export interface LabelsNeeds extends IssueAccess {
  readonly record: Pick<StepRecord<never>, "assertLive">;
}

/** tac8's labels on the issue, as one run sets them. */
export class IssueLabels {
  readonly #run: LabelsNeeds;
  /** Whether this run has set the label for work in progress. */
  #showsWorking = false;

  constructor(run: LabelsNeeds) {
    this.#run = run;
  }

  /** Show the status of the issue: set one of tac8's labels or none, and remove all others. */
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
   * Return the labels of the issue after the label for work in progress is removed; null if the issue is missing. If
   * this run has set that label, GitHub's answer to the removal has the other labels; otherwise the issue is read.
   * @throws GitHubError
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

  /**
   * Null if GitHub does not return the remaining labels. Reading the issue then shows whether GitHub refuses more than
   * that.
   */
  async #removeWorking(): Promise<readonly string[] | null> {
    const { github, ref } = this.#run.issue;
    try {
      return await github.removeLabel(ref, ref.number, this.#labels().working.name, { signal: this.#run.signal });
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      return null;
    }
  }

  /** Return the end label of an earlier end that is on the issue. A run that never started does not change it. */
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
