import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { statusLabels, triggerLabel, type LabelDefinition } from "@tac8/core/domain/labels";
import { GitHubError } from "@tac8/core/github/errors";
import type { Check } from "../check.ts";
import { eachRepository } from "../eachRepository.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

export const labels: Check = {
  name: "Labels",
  limitMs: 90_000,
  inspect: (input, signal) => eachRepository(input, (repository) => inspectRepository(input, repository, signal)),
};

/** The labels of a repository. */
interface Found {
  readonly name: string;
  readonly trigger: string;
  readonly missing: readonly string[];
  readonly made: readonly string[];
}

async function inspectRepository(
  { github, config, fix }: DoctorInput,
  repository: RepositoryConfig,
  signal: AbortSignal,
): Promise<Finding> {
  const name = `${repository.owner}/${repository.repo}`;
  const trigger = triggerLabel(repository);
  const missing: LabelDefinition[] = [];
  try {
    for (const label of [trigger, ...Object.values(statusLabels(config.github))]) {
      if (!(await github.hasLabel(repository, label.name, { signal }))) missing.push(label);
    }
    // An inaccessible repository shows no labels either, and is reported by another check.
    if (missing.length > 0 && (await github.repository(repository, { signal })).kind !== "found") return notSeen(name);
    if (fix) for (const label of missing) await github.ensureLabel(repository, label, { signal });
  } catch (error) {
    if (error instanceof GitHubError) return unknown(`${name}: ${error.message}`);
    throw error;
  }
  const names = missing.map((label) => label.name);
  return evaluateLabels({ name, trigger: trigger.name, missing: fix ? [] : names, made: fix ? names : [] });
}

const notSeen = (name: string) => unknown(`${name}: not checked, because the repository is not accessible`);

/** Evaluate the labels of a repository. Pure. Only the label that users add must exist, because runners create the others. */
export function evaluateLabels({ name, trigger, missing, made }: Found): Finding {
  if (made.length > 0) return ok(`${name}: created ${made.join(", ")}`);
  if (missing.includes(trigger)) {
    return problem(
      `${name}: the label ${trigger}, which starts work on an issue, is missing`,
      "tac8 doctor --fix creates it",
    );
  }
  if (missing.length > 0) {
    return note(
      `${name}: labels that are missing: ${missing.join(", ")}`,
      "tac8 creates them when needed; tac8 doctor --fix creates them now",
    );
  }
  return ok(`${name}: ${trigger} and the labels that show the state of an issue`);
}
