import { signLabels, type LabelDefinition, type Sign } from "@tac8/core/domain/labels";
import { isRefusedRequest } from "@tac8/core/github/errors";
import type { RunContext } from "../run/context.ts";

/** Shows where the issue stands: one of our labels, or none; every other one of ours comes off. */
export async function showLabel(run: RunContext, sign: Sign | null, present: readonly string[]): Promise<void> {
  const { github } = run.services;
  const { ref } = run;
  const options = { signal: run.switch.lost };
  const labels = labelsOf(run);
  const has = (name: string) => isAmong(present, name);
  for (const other of Object.keys(labels) as Sign[]) {
    const { name } = labels[other];
    if (other !== sign && has(name)) await github.removeLabel(ref, ref.number, name, options);
  }
  if (sign === null || has(labels[sign].name)) return;
  const label = labels[sign];
  await github.ensureLabel(ref, label, options);
  await github.addLabel(ref, ref.number, label.name, options);
  if (sign === "working") run.showsWorking = true;
}

/**
 * Return the labels that are on the issue after the one of a run at work is off; null: the issue is not there. Where this run has
 * put that label on, GitHub's answer to its removal has the others; else the issue is read. @throws GitHubError
 */
export async function labelsWithoutWorking(run: RunContext): Promise<readonly string[] | null> {
  const { github } = run.services;
  const { ref } = run;
  const options = { signal: run.switch.lost };
  if (run.showsWorking) {
    await run.assertLive();
    run.showsWorking = false;
    const left = await removeWorking(run);
    if (left !== null) return left;
  }
  const found = await github.issue(ref, ref.number, options);
  return found.kind === "found" ? found.issue.labels : null;
}

/** Null: GitHub does not say what is left. Whether it refuses more than that, the issue itself tells. */
async function removeWorking(run: RunContext): Promise<readonly string[] | null> {
  const { github } = run.services;
  const { ref } = run;
  try {
    return await github.removeLabel(ref, ref.number, labelsOf(run).working.name, { signal: run.switch.lost });
  } catch (error) {
    if (!isRefusedRequest(error)) throw error;
    return null;
  }
}

/** The sign of an earlier end that is on the issue: a run that never began changes nothing about it. */
export function signOfEnd(run: RunContext, present: readonly string[]): Sign | null {
  const labels = labelsOf(run);
  return (["done", "answered", "failed"] as const).find((sign) => isAmong(present, labels[sign].name)) ?? null;
}

function labelsOf({ services }: RunContext): Record<Sign, LabelDefinition> {
  return signLabels(services.config.github);
}

function isAmong(labels: readonly string[], name: string): boolean {
  return labels.some((label) => label.toLowerCase() === name.toLowerCase());
}
