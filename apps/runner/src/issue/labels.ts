import { signLabels, type LabelDefinition, type Sign } from "@tac8/core/domain/labels";
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
